"""The scanner in a terminal, against real servers: table, JSON, SARIF, recording, replay, pipes and narrow windows."""

import functools
import json
import os
import pty
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal.demonstration.plans import Behaviour, Cleartext, Exchanger, Plan, Reply, Site, Zone
from portal.demonstration.servers import Running
from scanners import __main__ as terminal

pytestmark = pytest.mark.loopback

PLAN = Plan(
    zones=(Zone(name="haus.test", records='@ MX 10 mx\n@ TXT "v=spf1 mx -all"\n@ CAA 0 issue "ca.test"'),),
    sites=(
        Site(host="portal.haus.test", pages={"/": Reply(body="<title>Portal</title>")}),
        Site(host="silent.haus.test", behaviour=Behaviour.SILENT),
        Site(host="closed.haus.test", tls=None, cleartext=Cleartext.CLOSED),
    ),
    exchangers=(Exchanger(host="mx.haus.test"),),
)


@pytest.fixture(scope="module")
def running(serve: Callable[[Plan], Running]) -> Running:
    return serve(PLAN)


@pytest.fixture
def options(running: Running, tmp_path: Path) -> list[str]:
    root = tmp_path / "root.pem"
    root.write_text(running.trust_roots_pem)
    ports = [part for public, real in running.port_map.items() for part in ("--port-map", f"{public}:{real}")]
    return [
        *("--resolver", running.resolver[0], "--resolver-port", str(running.resolver_port)),
        *("--allow-network", "127.0.0.0/8", "--trust", str(root), "--permit-suffix", ".test", *ports),
    ]


@pytest.fixture(scope="module")
def recorded(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One real scan of the portal, for every test that only reads."""
    folder = tmp_path_factory.mktemp("recorded")
    root = folder / "root.pem"
    root.write_text(running.trust_roots_pem)
    ports = [part for public, real in running.port_map.items() for part in ("--port-map", f"{public}:{real}")]
    words = [
        *("portal.haus.test", "--resolver", running.resolver[0], "--resolver-port", str(running.resolver_port)),
        *("--allow-network", "127.0.0.0/8", "--trust", str(root), "--permit-suffix", ".test", *ports),
        *("--json", "--record", str(folder / "seen.json")),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "scanners", *words], capture_output=True, text=True, check=False, timeout=100
    )
    (folder / "live.json").write_text(done.stdout)
    (folder / "status").write_text(str(done.returncode))
    yield folder


def test_a_terminal_shows_a_table_and_the_worst_finding(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = terminal.main(["--replay", str(recorded / "seen.json")])
    shown = capsys.readouterr().out

    assert status == 4  # the portal sets no HSTS
    assert "portal.haus.test (host)" in shown and "haus.test (domain)" in shown
    assert "✕ high     web.hsts-present" in shown
    assert "cert.chain-trust" not in shown  # met: only counted
    assert "Protection of web pages" in shown and " met" in shown


def test_all_lists_what_was_met_as_well(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.main(["--replay", str(recorded / "seen.json"), "--all"])

    assert "✓ critical cert.chain-trust" in capsys.readouterr().out


def test_progress_names_each_probe_and_what_the_scan_cost(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.main(["portal.haus.test", "--class", "passive", *options])
    told = capsys.readouterr().err

    assert "HostDns portal.haus.test" in told and "MailDns haus.test" in told
    assert "TlsHandshakes" not in told  # standard class
    assert told.rstrip().endswith("requests")


def test_what_was_recorded_is_judged_again_without_a_network(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live = json.loads((recorded / "live.json").read_text())
    script = (
        "import socket, sys\n"
        "from scanners import __main__ as terminal\n"
        "def refused(*_, **__): raise AssertionError('a socket')\n"
        "socket.socket.__init__ = socket.getaddrinfo = refused\n"
        "sys.exit(terminal.main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--json", "--replay", str(recorded / "seen.json")],
        capture_output=True,
        text=True,
        check=False,
    )
    again = terminal.main(["--json", "--replay", str(recorded / "live.json")])  # --json can be replayed as well
    from_json = json.loads(capsys.readouterr().out)

    replayed = json.loads(done.stdout)
    assert done.returncode == again == int((recorded / "status").read_text())
    assert live["findings"] == replayed["findings"] == from_json["findings"]
    assert "api.openapi-exposed" not in {finding["check_id"] for finding in live["findings"]}


def test_a_recording_names_no_place_of_this_machine(recorded: Path) -> None:
    assert str(Path.home()) not in (recorded / "seen.json").read_text()


def test_ctrl_c_ends_without_a_traceback(options: list[str]) -> None:
    command = [sys.executable, "-m", "scanners", "silent.haus.test", *options]
    heard = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs ignore it
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heard,  # noqa: PLW1509 - no threads
    ) as process:
        process.stderr.readline()  # the first progress
        process.send_signal(signal.SIGINT)
        _out, err = process.communicate(timeout=100)

    assert process.returncode == 130
    assert err.splitlines()[-1] == "stopped" and "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["localhost"],
        ["127.0.0.1"],
        [],
        ["--replay", "/nowhere.json"],
        ["--class", "active", "portal.example.de"],
        ["--class", "active", "--permit-suffix", ".test", "haus.test", "portal.example.de"],
    ],
)
def test_a_bad_command_says_so(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert terminal.main(arguments) == 2
    assert capsys.readouterr().err


def test_the_active_class_looks_at_a_laboratory_only(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    terminal.main(["portal.haus.test", "--class", "active", "--json", *options])
    document = json.loads(capsys.readouterr().out)

    assert document["classes"] == ["active", "passive", "standard"]
    assert "api.openapi-exposed" in {finding["check_id"] for finding in document["findings"]}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"subjects": []}', '{"subjects": [1]}', '{"classes": ["all"]}'])
def test_what_is_no_recording_is_refused(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "seen.json"
    file.write_text(text)

    assert terminal.main(["--replay", str(file)]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_host_that_cannot_be_seen_is_no_good_host(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    status = terminal.main(["closed.haus.test", *options])

    assert status in {0, 3, 4, 5}  # its domain was seen
    assert "could not be checked" in capsys.readouterr().out


def test_a_name_that_does_not_exist_is_neither_good_nor_bad(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    status = terminal.main(["gibtesnicht.nirgendwo.test", "--json", *options])
    findings = json.loads(capsys.readouterr().out)["findings"]

    assert status == terminal.NOTHING_SEEN
    assert {finding["outcome"] for finding in findings} <= {"unknown", "not-applicable", "info"}


# --- pipes and windows


def test_a_reader_that_has_seen_enough_is_no_error(recorded: Path) -> None:
    command = f"{sys.executable} -m scanners --json --replay {recorded / 'seen.json'}"
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -1; exit ${{PIPESTATUS[0]}}"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (4, "{\n", "")


def test_a_terminal_without_our_signs_gets_others(recorded: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scanners", "--replay", str(recorded / "seen.json")],
        capture_output=True,
        check=False,
        env={"PATH": os.environ["PATH"], "PYTHONIOENCODING": "ascii"},
    )

    assert done.returncode == 4
    assert b"web.hsts-present" in done.stdout and done.stderr == b""


@pytest.mark.parametrize("columns", [30, 60, 200])
def test_a_window_of_any_width_is_kept_to(recorded: Path, columns: int) -> None:
    shown = _in_a_window([sys.executable, "-m", "scanners", "--replay", str(recorded / "seen.json")], columns)

    assert "web.hsts-present" in shown
    assert max(map(len, shown.splitlines())) <= max(columns, 40)


def test_a_window_shows_progress_in_its_place(options: list[str]) -> None:
    shown = _in_a_window([sys.executable, "-m", "scanners", "portal.haus.test", *options], 80)

    drawn = shown.partition("connections")[0]
    assert "\x1b[" in drawn and "J" in drawn
    assert "DNS" in drawn and "TLS" in drawn


def _in_a_window(command: list[str], columns: int) -> str:
    """Run a command on a pseudo-terminal of that width; what it wrote."""
    import fcntl
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment):
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the last writer is gone
                break
            if not part:
                break
            parts.append(part)
    os.close(ours)
    return b"".join(parts).decode().replace("\r\n", "\n")
