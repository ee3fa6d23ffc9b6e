"""The virus scanner: what it finds is refused, what it does not answer for is not taken, and nobody else is asked."""

from __future__ import annotations

import socket

import pytest

from portal.files import screening
from portal.files.screening import Infected, NoAnswer
from tests.portal.files import clamd


@pytest.mark.loopback
@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_a_clean_file_passes_whole_and_the_test_virus_does_not(tmp_path, kind):
    content = b"%PDF" + bytes(range(256)) * 1000  # several pieces
    with clamd.running(tmp_path / "clamd.ctl" if kind == "unix" else None) as (setting, seen):
        screening.check(setting, content)
        with pytest.raises(Infected) as refused:
            screening.check(setting, clamd.EICAR.encode())

    assert seen == [content, clamd.EICAR.encode()]
    assert refused.value.message.values == {"name": "Eicar-Test-Signature"}


@pytest.mark.loopback
@pytest.mark.parametrize(
    "answer", [b"", b"INSTREAM size limit exceeded. ERROR\0", b"stream: OK and more\0", b"\xff" * 9000, b"stream: O"]
)
def test_what_is_no_clear_word_is_none(answer):
    with clamd.running(answer=answer) as (setting, _seen), pytest.raises(NoAnswer):
        screening.check(setting, b"x")


@pytest.mark.loopback
def test_a_scanner_that_is_not_there_takes_nothing(tmp_path, free_port):
    for setting in (f"127.0.0.1:{free_port}", f"unix:{tmp_path / 'nobody'}"):
        with pytest.raises(NoAnswer):
            screening.check(setting, b"x")


def test_without_the_setting_nobody_is_asked():
    screening.check("", b"x")


@pytest.mark.parametrize("addresses", [["203.0.113.7"], ["127.0.0.1", "203.0.113.7"], ["2001:db8::1"], []])
def test_an_address_outside_the_own_network_is_never_connected_to(monkeypatch, addresses):
    asked = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 3310)) for one in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: asked)

    with pytest.raises(NoAnswer):  # a connection would have been an error of its own: this test may open no socket
        screening.check("scanner.example:3310", b"x")
