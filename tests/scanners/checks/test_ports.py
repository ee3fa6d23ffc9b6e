"""Open ports: only what answered in its own protocol, at an address that is the vendor's."""

import pytest

from scanners.checks import ports as checks
from scanners.data import ports
from scanners.model import Check, CheckClass, Outcome
from scanners.observations import OpenPorts, PortAnswer
from tests.scanners.building import AT
from tests.scanners.building_domain import BLIND, says, when_blind

ALL = [value for value in vars(checks).values() if isinstance(value, Check)]
MAIL = checks.mailboxes_ask_for_tls


def opened(
    *found: PortAnswer, mail_server: bool = False, controls: str = "closed", edges: tuple[str, ...] = ()
) -> OpenPorts:
    others = {port: PortAnswer(port=port, state="closed") for port in ports.asked_of(mail_server=mail_server)}
    others |= {one.port: one for one in found}
    return OpenPorts(
        at=AT,
        address="192.0.2.1",
        answers=tuple(others.values()),
        controls=tuple(PortAnswer(port=port, state=controls) for port in ports.CONTROLS),
        mail_server=mail_server,
        edges=edges,
    )


def at(port: int, service: str, detail: str = "") -> PortAnswer:
    return PortAnswer(port=port, state="open", service=service, detail=detail)


def state(port: int, how: str) -> PortAnswer:
    return PortAnswer(port=port, state=how)


@pytest.mark.parametrize(
    ("check", "found", "outcome"),
    [
        (checks.remote_control_is_closed, (), Outcome.PASS),
        (checks.remote_control_is_closed, (state(3389, "silent"),), Outcome.PASS),
        (checks.remote_control_is_closed, (at(3389, "rdp", "NLA"),), Outcome.FAIL),
        (checks.remote_control_is_closed, (at(23, "telnet"), at(22, "ssh")), Outcome.FAIL),
        (checks.remote_control_is_closed, (at(22, "ssh", "SSH-2.0-OpenSSH_9.6"),), Outcome.INFO),
        (checks.remote_control_is_closed, (state(3389, "mute"),), Outcome.UNKNOWN),
        (checks.remote_control_is_closed, (state(3389, "unclear"),), Outcome.UNKNOWN),
        (checks.databases_are_closed, (), Outcome.PASS),
        (checks.databases_are_closed, (at(5432, "postgresql", "tls"),), Outcome.FAIL),
        (checks.databases_are_closed, (at(9200, "http", "403"),), Outcome.UNKNOWN),
        (checks.databases_are_closed, (at(3389, "rdp"),), Outcome.PASS),
        (checks.device_protocols_are_closed, (), Outcome.PASS),
        (checks.device_protocols_are_closed, (at(1883, "mqtt"),), Outcome.WARN),
        (checks.ftp_is_encrypted, (), Outcome.PASS),
        (checks.ftp_is_encrypted, (at(21, "ftp", "tls"),), Outcome.PASS),
        (checks.ftp_is_encrypted, (at(21, "ftp", "no-tls"),), Outcome.FAIL),
        (checks.ftp_is_encrypted, (at(21, "ftp"),), Outcome.UNKNOWN),
        (checks.no_second_web_server, (), Outcome.PASS),
        (checks.no_second_web_server, (at(8080, "http", "200 Tomcat"),), Outcome.INFO),
        (checks.archives_refuse_strangers, (), Outcome.PASS),
        (checks.archives_refuse_strangers, (at(104, "dicom", "accepted"),), Outcome.FAIL),
        (checks.archives_refuse_strangers, (at(11112, "dicom", "rejected"),), Outcome.WARN),
        (checks.messaging_is_closed, (), Outcome.PASS),
        (checks.messaging_is_closed, (state(2575, "waiting"),), Outcome.FAIL),
        (checks.messaging_is_closed, (state(2575, "mute"),), Outcome.UNKNOWN),
        (MAIL, (), Outcome.NOT_APPLICABLE),
    ],
)
def test_a_port_is_judged_by_what_answered_there(check: Check, found: tuple[PortAnswer, ...], outcome: Outcome) -> None:
    assert says(check, opened(*found))[0] is outcome


@pytest.mark.parametrize(
    ("check", "found", "outcome"),
    [
        (MAIL, (), Outcome.PASS),
        (MAIL, (at(143, "imap", "tls-first"),), Outcome.PASS),
        (MAIL, (at(143, "imap", "tls-first"), at(110, "pop3", "plain-login")), Outcome.WARN),
        (MAIL, (at(587, "submission"),), Outcome.UNKNOWN),
        (checks.archives_refuse_strangers, (), Outcome.NOT_APPLICABLE),
        (checks.messaging_is_closed, (), Outcome.NOT_APPLICABLE),
        (checks.remote_control_is_closed, (at(3389, "rdp"),), Outcome.FAIL),
    ],
)
def test_a_mail_server_is_judged_by_its_mail_ports(
    check: Check, found: tuple[PortAnswer, ...], outcome: Outcome
) -> None:
    assert says(check, opened(*found, mail_server=True))[0] is outcome


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_f6_an_edge_of_a_content_network_is_not_judged(check: Check) -> None:
    outcome, text = says(check, opened(at(3389, "rdp"), edges=("Cloudflare",)))

    assert outcome is Outcome.NOT_APPLICABLE
    assert "Cloudflare" in text


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_f13_where_the_controls_answer_open_ports_tell_nothing(check: Check) -> None:
    assert says(check, opened(at(3389, "rdp"), controls="mute"))[0] is Outcome.UNKNOWN


def test_f13_more_than_ten_open_ports_are_a_syn_proxy() -> None:
    many = [at(port, service) for port, service in list(ports.HOST_PORTS.items())[: ports.MOST_OPEN + 1]]

    assert says(checks.remote_control_is_closed, opened(*many))[0] is Outcome.UNKNOWN
    assert says(checks.remote_control_is_closed, opened(*many[:-1]))[0] is Outcome.FAIL


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_ports_need_consent_and_are_unknown_without_it(check: Check) -> None:
    assert check.check_class is CheckClass.ACTIVE
    assert when_blind(check) == BLIND


def test_what_answers_is_named_with_port_and_version() -> None:
    assert "MySQL 3306 8.0.39" in says(checks.databases_are_closed, opened(at(3306, "mysql", "8.0.39")))[1]


def test_where_nothing_answers_at_all_it_is_said_whose_firewall_that_may_be() -> None:
    silent = [state(port, "silent") for port in ports.HOST_PORTS]

    outcome, text = says(checks.databases_are_closed, opened(*silent, controls="silent"))

    assert outcome is Outcome.PASS
    assert "or our own" in text
    assert "or our own" not in says(checks.databases_are_closed, opened(*silent))[1]
