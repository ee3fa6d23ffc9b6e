"""What the doctor says of installations that are really so."""

import dataclasses
import shutil
import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal import doctor, i18n, settings
from portal.db import migrating, session
from portal.doctor import Note, State
from portal.settings import BadSetting, MailSettings, Settings
from scanners.data import refreshing
from tests.scanners.data import lists

NOW = datetime.now(UTC)


@pytest.fixture
def installed(migrated: Path, tmp_path: Path) -> Settings:
    chosen = settings.read({"KETTENBLICK_DATA": str(tmp_path / "data")})
    chosen = dataclasses.replace(
        chosen, scan=dataclasses.replace(chosen.scan, resolver=("127.0.0.1",), resolver_port=1)
    )
    shutil.copy(migrated, chosen.data_dir / "kettenblick.sqlite")
    return chosen


def note(piece: str, chosen: Settings, now: datetime = NOW) -> Note:
    look = {look.__name__: look for look in doctor.LOOKS}[f"_{piece}"]
    (found,) = look(chosen, now)
    return found


def test_a_fresh_installation_has_a_database_of_this_version(installed: Settings):
    assert note("database", installed).state is State.OK


def test_a_database_of_another_version_fails_with_the_line_that_mends_it(installed: Settings):
    engine = session.engine(installed.database_url)
    migrating.downgrade(engine, "base")
    engine.dispose()

    found = note("database", installed)

    assert (found.state, found.remedy) == (State.FAIL, "kettenblick migrate")


def test_looking_makes_no_database(tmp_path: Path):
    chosen = settings.read({"KETTENBLICK_DATA": str(tmp_path / "data")})

    assert note("database", chosen).state is State.WARN
    assert not (tmp_path / "data" / "kettenblick.sqlite").exists()


def test_a_database_server_that_is_away_fails(tmp_path: Path):
    url = f"postgresql+psycopg://kettenblick@/kettenblick?host={tmp_path}"
    chosen = settings.read({"KETTENBLICK_DATA": str(tmp_path / "data"), "DATABASE_URL": url})

    assert note("database", chosen).state is State.FAIL


@pytest.mark.postgres
def test_a_migrated_database_server_is_fine(tmp_path: Path, migrated_postgres_url: str):
    chosen = settings.read({"KETTENBLICK_DATA": str(tmp_path / "data"), "DATABASE_URL": migrated_postgres_url})

    assert note("database", chosen).state is State.OK


def test_secrets_that_others_can_read_fail(installed: Settings):
    assert note("secrets", installed).state is State.OK

    (installed.data_dir / "secret_key.secret").chmod(0o644)

    assert note("secrets", installed).state is State.FAIL


def test_a_data_directory_that_others_can_read_is_a_warning(installed: Settings):
    assert note("data_directory", installed).state is State.OK

    installed.data_dir.chmod(0o755)

    assert note("data_directory", installed).state is State.WARN


@pytest.mark.loopback
def test_a_resolver_that_does_not_answer_fails(installed: Settings):
    assert note("vantage", installed).state is State.FAIL


def test_mail_without_a_relay_or_without_encryption_is_a_warning(installed: Settings):
    plain = MailSettings(host="mail.example", security="none")
    encrypted = MailSettings(host="mail.example")

    assert note("mail", installed).state is State.WARN
    assert note("mail", dataclasses.replace(installed, mail=plain)).state is State.WARN
    assert note("mail", dataclasses.replace(installed, mail=encrypted)).state is State.OK


def test_programs_that_draw_pages_are_named(installed: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = note("pages", installed)
    assert missing.state is State.WARN
    assert "pdftoppm" in missing.message.render(str)
    for name in doctor.PAGE_PROGRAMS:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    assert note("pages", installed).state is State.OK


@pytest.mark.loopback
def test_a_virus_scanner_is_asked_whether_it_is_there(installed: Settings):
    assert note("virus_scanner", installed).state is State.WARN
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        thread = threading.Thread(target=_say_pong, args=(server,))
        thread.start()
        assert note("virus_scanner", dataclasses.replace(installed, virus_scanner=address)).state is State.OK
        thread.join()
    away = note("virus_scanner", dataclasses.replace(installed, virus_scanner=address))
    assert away.state is State.FAIL
    assert address in away.message.render(str)


def _say_pong(server: socket.socket) -> None:
    line, _address = server.accept()
    with line:
        assert line.recv(100) == b"zPING\0"
        line.sendall(b"PONG\0")


def test_a_clock_before_our_own_files_fails(installed: Settings):
    assert note("clock", installed, NOW - timedelta(days=3650)).state is State.FAIL


def test_networks_opened_to_scans_are_named(installed: Settings):
    scan = dataclasses.replace(installed.scan, allowed_networks=("10.0.0.0/8",))

    found = note("scans", dataclasses.replace(installed, scan=scan))

    assert found.state is State.WARN
    assert "10.0.0.0/8" in found.message.render()


def test_old_lists_are_a_warning_with_the_line_that_refreshes_them(installed: Settings):
    at = datetime(2026, 11, 22, tzinfo=UTC)
    assert (note("lists", installed, at).state, note("lists", installed, at).remedy) == (
        State.WARN,
        "kettenblick data refresh",
    )

    refreshing.refresh(installed.datasets_dir, lists.ALL, at=at)

    assert note("lists", installed, at).state is State.OK
    assert note("lists", installed, at + timedelta(days=91)).state is State.WARN


def test_registries_that_are_asked_are_named(installed: Settings):
    asking = dataclasses.replace(installed, scan=dataclasses.replace(installed.scan, revocation=True))

    assert "CRL/OCSP" in note("registries", asking).message.render()
    assert "undetermined" in note("registries", installed).message.render()


def test_plain_http_is_for_this_machine_alone(tmp_path: Path):
    data = {"KETTENBLICK_DATA": str(tmp_path)}
    with pytest.raises(BadSetting, match="PUBLIC_BASE_URL"):
        settings.read({**data, "PUBLIC_BASE_URL": "http://kettenblick.example"})
    with pytest.raises(BadSetting, match="BIND_HOST"):
        settings.read({**data, "BIND_HOST": "0.0.0.0"})

    chosen = settings.read({**data, "BIND_HOST": "0.0.0.0", "PUBLIC_BASE_URL": "https://kettenblick.example"})

    assert note("address", chosen).state is State.OK


def test_what_the_place_hides_is_told_and_without_a_reference_it_is_untested():
    for about, asked in ((doctor._about_tls, "is_intercepted"), (doctor._about_smtp, "is_blocked")):
        notes = [about(host, **{asked: seen}) for host, seen in (("", None), ("a", None), ("a", True), ("a", False))]

        assert [found.state for found in notes] == [State.WARN, State.WARN, State.WARN, State.OK]
        assert ["untested" in found.message.render() for found in notes] == [True, True, False, False]
        german = i18n.translator("de")
        assert all(german(found.message.text) != found.message.text for found in notes)


@pytest.mark.loopback
def test_every_note_reads_in_both_languages_and_every_trouble_has_its_line(installed: Settings):
    notes = doctor.examine(installed, now=NOW)

    assert len(notes) >= len(doctor.LOOKS)
    assert all(found.remedy for found in notes if found.state is not State.OK)
    for language in i18n.LANGUAGES:
        assert all(found.message.render(i18n.translator(language)) for found in notes)
