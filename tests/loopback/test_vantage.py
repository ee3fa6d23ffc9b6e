import datetime as dt

import pytest

from portal.demonstration.plans import CertificateKind, Exchanger, Plan, Quirk, Site, Tls, Zone
from portal.demonstration.servers import Servers
from scanners.probes import vantage
from scanners.probes.vantage import References

PLAN = Plan(
    zones=(Zone(name="bezug.test"),),
    sites=(
        Site(host="bezug.test"),
        Site(host="abgehoert.bezug.test", tls=Tls(certificate=CertificateKind.UNKNOWN_ISSUER)),
        Site(host="ohne-tls.bezug.test", tls=None),
    ),
    exchangers=(Exchanger(host="mx.bezug.test"),),
)
ROUTES_WITHOUT = f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} ffffffff 00000001 00000000 00200200       lo\n"
ROUTES_WITH = f"{'0' * 32} 00 {'0' * 32} 00 fd{'0' * 29}1 00000400 00000003 00000000 00000003     eth0\n"


@pytest.fixture(scope="module")
def running(serve):
    return serve(PLAN)


def test_a_plain_place_without_references(running, look, at):
    seen = look(running, vantage.look)

    assert (seen.at, seen.resolver) == (at, "127.0.0.1")
    assert seen.resolver_answers
    assert seen.resolver_validates is False
    assert seen.rewrites_names is False
    assert (seen.tls_intercepted, seen.smtp_blocked) == (None, None)


def test_a_place_where_everything_is_reached(running, look):
    seen = look(running, vantage.look, references=References(tls_host="bezug.test", smtp_host="mx.bezug.test"))

    assert (seen.tls_intercepted, seen.smtp_blocked) == (False, False)


def test_a_certificate_nobody_vouches_for_means_that_someone_sits_in_between(running, look):
    seen = look(running, vantage.look, references=References(tls_host="abgehoert.bezug.test"))

    assert seen.tls_intercepted is True


def test_a_closed_port_25_is_blocked_and_a_closed_443_tells_nothing(running, look):
    seen = look(running, vantage.look, references=References(tls_host="ohne-tls.bezug.test", smtp_host="bezug.test"))

    assert (seen.tls_intercepted, seen.smtp_blocked) == (None, True)


def test_a_reference_that_does_not_resolve_leaves_the_question_open(running, look):
    nobody = References(tls_host="niemand.bezug.test", smtp_host="niemand.bezug.test")

    seen = look(running, vantage.look, references=nobody)

    assert (seen.tls_intercepted, seen.smtp_blocked) == (None, None)


def test_a_resolver_that_validates_vouches_for_the_root(look, at):
    with Servers(Plan(quirks={".": Quirk.AUTHENTICATED}), at=at) as running:
        assert look(running, vantage.look).resolver_validates is True


def test_a_resolver_that_rewrites_names_is_found_out(look, at):
    rewriting = Plan(zones=(Zone(name="invalid", records="* A 127.80.5.5"),))

    with Servers(rewriting, at=at) as running:
        assert look(running, vantage.look).rewrites_names is True


def test_a_resolver_that_fails_on_them_leaves_it_open(look, at):
    failing = Plan(quirks={"*.invalid": Quirk.SERVFAIL}, zones=(Zone(name="invalid", lame=()),))

    with Servers(failing, at=at) as running:
        assert look(running, vantage.look).rewrites_names is None


def test_without_a_resolver_nothing_is_known_and_nothing_raised(running, look):
    seen = look(
        running,
        vantage.look,
        references=References(tls_host="bezug.test", smtp_host="mx.bezug.test"),
        network={"resolver": ("127.0.0.99",)},
    )

    assert not seen.resolver_answers
    assert (seen.resolver_validates, seen.rewrites_names) == (None, None)
    assert (seen.tls_intercepted, seen.smtp_blocked) == (None, None)


def test_a_way_to_the_ipv6_internet_is_read_from_the_kernels_table(tmp_path):
    without, with_default = tmp_path / "without", tmp_path / "with"
    without.write_text(ROUTES_WITHOUT)
    with_default.write_text(ROUTES_WITHOUT + ROUTES_WITH)

    assert not vantage.has_ipv6_route(without)
    assert vantage.has_ipv6_route(with_default)
    assert not vantage.has_ipv6_route(tmp_path / "missing")


def test_the_time_of_the_look_is_the_scans(running, look, at):
    assert look(running, vantage.look).at == at
    assert at.tzinfo is dt.UTC
