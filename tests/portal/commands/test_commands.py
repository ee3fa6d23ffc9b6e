"""The operator's commands: each does what it says, refuses in one sentence, and leaves its trace."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from assessments import policy, tailoring
from portal import cli
from portal import settings as reading_settings
from portal.db import session as database
from portal.db.models.accounts import Hospital, HospitalRole, Person, TicketPurpose
from portal.services import audit
from portal.services.people import accounts, sign_ins
from portal.services.people.accounts import NewPerson
from tests.portal import building


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KETTENBLICK_DATA", str(tmp_path))
    for name in ("DATABASE_URL", "QUEUE_URL", "INSTANCE_KEY", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert cli.main(["migrate"]) == 0
    engine = database.engine(reading_settings.read().database_url)
    yield database.sessions(engine)
    engine.dispose()


def _token(text: str) -> str:
    return re.search(r"/(?:join|setup)/(avi_[\w-]+)", text)[1]


def test_a_hospital_is_added_and_its_administrator_joins_by_the_link(instance, capsys):
    assert cli.main(["hospital", "add", "Klinikum Nord", "--admin", "Erika@Klinik.example", "--state", "NW"]) == 0
    token = _token(capsys.readouterr().out)
    with instance.begin() as session:
        person = accounts.join(
            session,
            token,
            TicketPurpose.JOIN_HOSPITAL,
            new=NewPerson(name="Erika", password=building.PASSWORD),
            now=datetime.now(UTC),
        )
        assert person.email == "erika@klinik.example"
        assert [place.role for place in sign_ins.places(session, person.id)] == ["admin"]
    assert cli.main(["hospital", "list"]) == 0
    assert "Klinikum Nord" in capsys.readouterr().out


def test_people_are_invited_and_shown_out(instance, capsys):
    with instance.begin() as session:
        actor = building.hospital_actor(session, role=HospitalRole.ADMIN, email="lisa@klinik.example")
    assert cli.main(["user", "add", "neu@klinik.example", "--hospital", actor.hospital_id, "--role", "auditor"]) == 0
    assert _token(capsys.readouterr().out)
    assert cli.main(["user", "reset-second-factor", "lisa@klinik.example"]) == 0
    assert cli.main(["user", "disable", "lisa@klinik.example"]) == 0

    with instance() as session:
        person = session.scalars(select(Person)).one()
        assert person.disabled_at is not None
        assert person.totp_confirmed_at is None
        verbs = [event.verb for event in audit.newest(session, audit.INSTANCE)]
        assert verbs == ["person.disabled", "person.second-factor-reset"]
        assert all(event.actor.startswith("shell:") for event in audit.newest(session, audit.INSTANCE))


@pytest.mark.parametrize(
    "words",
    [
        ["user", "disable", "nobody@klinik.example"],
        ["user", "add", "a@b.example", "--hospital", "unknown"],
        ["hospital", "add", "", "--admin", "a@b.example"],
        ["hospital", "add", "Nord", "--admin", "keine Adresse"],
        ["hospital", "add", "Nord", "--admin", "a@b.example", "--state", "XX"],
        ["restore", "missing.kbk", "--key-file", "missing.key"],
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(instance, capsys, words):
    assert cli.main(words) == 2
    refusal = capsys.readouterr().err
    assert refusal.count("\n") == 1
    assert len(refusal) > 10
    with instance() as session:
        assert session.scalars(select(Hospital)).all() == []


def test_the_setup_link_exists_until_there_is_a_hospital(instance, capsys):
    assert cli.main(["setup-link"]) == 0
    assert _token(capsys.readouterr().out)
    with instance.begin() as session:
        building.hospital(session)

    assert cli.main(["setup-link"]) == 2


def test_the_trail_is_walked_and_a_broken_one_gives_status_1(instance, capsys):
    cli.main(["hospital", "add", "Nord", "--admin", "a@b.example"])
    capsys.readouterr()
    assert cli.main(["audit", "verify"]) == 0
    assert capsys.readouterr().out.startswith("✓ hospital:")
    with instance.begin() as session:
        connection = session.connection()
        connection.exec_driver_sql("DROP TRIGGER audit_event_no_update")
        connection.exec_driver_sql("UPDATE audit_event SET actor = 'somebody' WHERE sequence = 1")

    assert cli.main(["audit", "verify"]) == 1
    assert "broken at event 1" in capsys.readouterr().out


def test_backup_and_check_from_the_terminal(instance, tmp_path, capsys):
    cli.main(["hospital", "add", "Nord", "--admin", "a@b.example"])
    file, key = str(tmp_path / "b.kbk"), str(tmp_path / "key")
    assert cli.main(["backup", file, "--key-file", key]) == 0
    assert "Keep it apart" in capsys.readouterr().out

    assert cli.main(["restore", file, "--key-file", key, "--check"]) == 0
    assert cli.main(["restore", file, "--key-file", key]) == 2


def test_version_says_what_runs(capsys):
    assert cli.main(["version"]) == 0
    assert re.match(r"Kettenblick \d+\.\d+", capsys.readouterr().out)


@pytest.mark.kill
def test_the_worker_ends_when_it_is_asked_to(instance, tmp_path):
    worker = subprocess.Popen([sys.executable, "-m", "portal.worker"], stderr=subprocess.PIPE)
    assert worker.stderr is not None
    assert b"ready" in worker.stderr.readline()
    time.sleep(0.5)
    worker.send_signal(signal.SIGTERM)

    _out, err = worker.communicate(timeout=60)
    assert worker.returncode == 0
    assert b"Traceback" not in err


CATALOGUE = Path(__file__).parents[3] / "questionnaires" / "catalogues" / "hospital-vendor" / "2026.1.yaml"


def test_a_catalogue_of_questions_is_checked(capsys):
    assert cli.main(["questionnaire", "check", str(CATALOGUE)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("✓ hospital-vendor 2026.1")
    assert "95 Fragen" in told
    assert "war eine andere Datei" not in told
    assert cli.main(["questionnaire", "check", str(CATALOGUE), "--language", "en"]) == 0
    assert "95 questions" in capsys.readouterr().out


def test_a_catalogue_that_breaks_the_format_is_told_by_its_line(tmp_path: Path, capsys):
    lines = CATALOGUE.read_text(encoding="utf-8").splitlines()
    number = next(number for number, line in enumerate(lines) if line.strip().startswith("weight:"))
    lines[number] = lines[number].replace("weight:", "wieght:")
    file = tmp_path / "own.yaml"
    file.write_text("\n".join(lines), encoding="utf-8")

    assert cli.main(["questionnaire", "check", str(file)]) == 1
    told = capsys.readouterr().out
    assert f"own.yaml:{number + 1}: " in told
    assert "GV-01" in told
    assert "unbekannter Schlüssel 'wieght'" in told
    assert cli.main(["questionnaire", "check", str(tmp_path / "none.yaml")]) == 2


def test_a_policy_is_checked(tmp_path: Path, capsys):
    file = tmp_path / "policy.yaml"
    file.write_text(tailoring.write(replace(policy.current(), must_haves=frozenset({"BK-04"}))), encoding="utf-8")

    assert cli.main(["policy", "check", str(file)]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"✓ {file}: ")
    assert "BK-04" in told


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("blend: {answers: 1}", "unbekannter Schlüssel 'blend'"),
        ("must_haves: [XX-99]", "must_haves: XX-99"),
        ("caps: {critical_fail: 95, knock_out: 69, high_fail: 79, high_fail_after_days: 30}", "caps.critical_fail: "),
        ("part_weights: {'1': 2000}", "fehlt"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_policy_is_told_by_its_line(tmp_path: Path, capsys, section: str, said: str):
    file = tmp_path / "policy.yaml"
    file.write_text(f"kind: kettenblick-policy\nbase: '1'\n\n{section}\n", encoding="utf-8")

    assert cli.main(["policy", "check", str(file)]) == 1
    told = capsys.readouterr().out
    assert told.startswith(f"✕ {file}:4: ")
    assert said in told


def test_a_question_of_the_hospital_may_be_a_must_have(tmp_path: Path, capsys):
    file, own = tmp_path / "policy.yaml", tmp_path / "own.yaml"
    file.write_text("kind: kettenblick-policy\nbase: '1'\nmust_haves: [BK-04]\n", encoding="utf-8")
    own.write_text("nonsense: [", encoding="utf-8")

    assert cli.main(["policy", "check", str(file), "--catalogue", str(own)]) == 1
    assert "own.yaml" in capsys.readouterr().out
    assert cli.main(["policy", "check", str(file), "--catalogue", str(CATALOGUE)]) == 0
    assert cli.main(["policy", "check", str(tmp_path / "none.yaml")]) == 2


def test_a_released_question_that_was_changed_is_refused_with_its_line(tmp_path: Path, capsys):
    file = tmp_path / "own.yaml"
    file.write_bytes(CATALOGUE.read_bytes().replace(b"tls.protocol-legacy", b"tls.protocol-unheard-of"))

    assert cli.main(["questionnaire", "check", str(file)]) == 1
    told = capsys.readouterr().out
    assert re.search(r"own\.yaml:\d+: ", told)
    assert "CR-02" in told
