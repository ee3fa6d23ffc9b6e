"""Log-ins are made once per instance and told in the reader's language."""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pyotp

from portal import i18n
from portal.demonstration import logins, story
from portal.services.people import passwords

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_a_second_start_keeps_the_first_ones(tmp_path: Path):
    first = logins.keep(tmp_path, story.read())

    assert logins.keep(tmp_path, story.read()) == first
    assert stat.S_IMODE((tmp_path / logins.FILE).stat().st_mode) == 0o600


def test_two_instances_share_nothing(tmp_path: Path):
    one, other = (logins.keep(tmp_path / name, story.read()) for name in ("a", "b"))

    assert one.password != other.password
    assert not set(one.totp_secrets.values()) & set(other.totp_secrets.values())


def test_the_password_is_one_that_the_portal_takes(tmp_path: Path):
    for number in range(20):
        passwords.check_rules(logins.keep(tmp_path / str(number), story.read()).password)


def test_a_line_for_each_role_with_the_code_of_the_moment(tmp_path: Path):
    kept = logins.keep(tmp_path, story.read())

    text = "\n".join(logins.lines(kept, story.read(), translate=i18n.translator("de"), now=NOW))

    for member in story.read().people:
        secret = kept.totp_secrets[member.email]
        line = next(line for line in text.splitlines() if member.email in line)
        assert line.split()[-2:] == [secret, pyotp.TOTP(secret).at(NOW)]
    for word in ("Administration", "Bewertung", "Entscheidung", "Revision (nur lesen)", "Lieferant: Leitung"):
        assert word in text
    assert kept.password in text
    assert json.loads((tmp_path / logins.FILE).read_text())["password"] == kept.password


def test_columns_stand_below_each_other(tmp_path: Path):
    table = logins.lines(logins.keep(tmp_path, story.read()), story.read(), translate=str, now=NOW)
    rows = table[: table.index("")]

    places = {row.index(".test") for row in rows[1:] if ".test" in row}
    assert len({row.index("E-mail") for row in rows if "E-mail" in row}) == 1
    assert len(places) > 1  # addresses differ in length; their column does not
    column = rows[0].index("E-mail")
    assert all(row[column - 1] == " " and row[column] != " " for row in rows)
