"""What a terminal shows, without one."""

import io

import pytest

from scanners import terminal
from scanners.jobs import Finished, Progress
from scanners.model import Finding, Message, Outcome, Severity, Subject, SubjectKind
from scanners.terminal import Layout, Screen
from tests.scanners import building


def finding(
    check_id: str, outcome: Outcome, severity: Severity, host: str = building.HOST, text: str = "seen so"
) -> Finding:
    subject = Subject(kind=SubjectKind.HOST, name=host)
    return Finding(
        check_id=check_id, subject=subject, outcome=outcome, severity=severity, fact=Message(text=text), at=building.AT
    )


FINDINGS = (
    finding("web.hsts-present", Outcome.FAIL, Severity.HIGH),
    finding("tls.protocol-modern", Outcome.WARN, Severity.LOW),
    finding("tls.protocol-legacy", Outcome.FAIL, Severity.HIGH, "b.example.test"),
    finding("tls.protocol-legacy", Outcome.FAIL, Severity.HIGH),
    finding("cert.chain-trust", Outcome.PASS, Severity.CRITICAL),
)


def test_findings_stand_by_category_the_worst_first_and_one_check_once():
    shown = terminal.table(FINDINGS)

    places = [shown.index(part) for part in ("tls.protocol-legacy", "tls.protocol-modern", "web.hsts-present")]
    assert places == sorted(places)
    assert shown.count("tls.protocol-legacy") == 1
    assert shown.index("b.example.test: seen so") < shown.index("tls.protocol-modern")
    assert "cert.chain-trust" not in shown and "✓ 1 met" in shown


def test_what_is_written_beside_a_category_stands_beside_it():
    lines = terminal.table(FINDINGS, Layout(beside={"tls": "C 72"})).splitlines()

    assert next(line for line in lines if line.startswith("TLS protocol")).endswith("C 72")


@pytest.mark.parametrize("width", [1, 40, 79, 300])
def test_no_line_is_wider_than_the_window(width: int):
    findings = (*FINDINGS, finding("tls.cipher-weak", Outcome.FAIL, Severity.HIGH, text="wörter " * 60))
    known = [one for one in findings if one.check_id in terminal.CHECKS]

    shown = terminal.table(known, Layout(width=width, beside={"tls": "C 72 · 95 % seen · from outside only"}))

    assert max(map(len, shown.splitlines())) <= max(width, terminal.NARROWEST)


def test_a_targets_words_do_not_steer_the_terminal():
    evil = finding("web.hsts-present", Outcome.FAIL, Severity.HIGH, text="\x1b[2Jgone\r\n\u202eback")

    shown = terminal.table([evil])

    assert "\x1b" not in shown and "\r" not in shown and "\u202e" not in shown


def test_progress_stands_by_group_with_the_probes_that_still_look():
    counts = {"HostDns": (2, 2), "ZoneDns": (1, 1), "TlsHandshakes": (1, 2), "Page": (0, 2), "Strange": (0, 1)}
    event = Progress(stage="TlsHandshakes a.test", done=4, total=8, counts=counts)

    lines = terminal.block(event, width=80, rows=20)

    assert lines[0].endswith("4/8  TlsHandshakes a.test")
    assert any(line.startswith("✓ DNS") and line.endswith("3/3") for line in lines)
    assert any(line.startswith("… TLS") and line.endswith("1/2") for line in lines)
    assert "    Tls handshakes 1/2" in lines and "    Page 0/2" in lines and "    Strange 0/1" in lines


def test_progress_fits_the_window():
    counts = {f"Kind{number}": (0, 1) for number in range(50)}

    lines = terminal.block(Progress(stage="x" * 500, done=0, total=50, counts=counts), width=20, rows=5)

    assert len(lines) == 5 and max(map(len, lines)) < 20


def test_nobody_who_reads_stops_no_scan():
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    Screen(stream=Gone()).show(Finished(seconds=1.0))
    Screen(stream=Gone()).show(Progress(stage="x", done=0, total=1))
