"""`kettenblick pack verify`: the signature of a pack, offline."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime

import pytest

from portal import cli
from portal.files import signing
from questionnaires import packs
from questionnaires.model import AnswerValue
from questionnaires.packs import AskedOf, Pack, PackedAnswer, Seal

AT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


@pytest.fixture
def content(keyring) -> bytes:
    one = PackedAnswer(
        question="GV-02", asked_of=AskedOf.COMPANY, product="", value=AnswerValue(text="Siehe § 4"), given_at=AT
    )
    document = packs.dump(
        Pack(
            company="Strahlwerk", made_at=AT, signed_off_at=AT, catalogue_id="hospital-vendor",
            catalogue_version="2026.1", products=(), answers=(one,),
        )
    )  # fmt: skip
    signed = signing.sign(keyring, packs.PURPOSE, packs.canonical(document))
    return packs.write(document, Seal(public_key=signed.public_key, value=signed.value))


def test_a_pack_is_known_again_as_json_and_as_zip(content, keyring, tmp_path, capsys):
    plain, zipped = tmp_path / "answer-pack.json", tmp_path / "pack.zip"
    plain.write_bytes(content)
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("answer-pack.json", content)

    for path in (plain, zipped):
        assert cli.main(["pack", "verify", str(path)]) == 0
        told = capsys.readouterr().out
        assert told.startswith("✓ unchanged")
        assert signing.fingerprint(signing.public_key(keyring)) in told
        assert "Strahlwerk, signed off at 2026-11-22 05:00 UTC" in told


@pytest.mark.parametrize(("old", "new"), [(b"Siehe", b"Sieh!"), (b"GV-02", b"GV-03"), (b"05:00:00Z", b"05:00:01Z")])
def test_a_changed_sign_shows(content, tmp_path, capsys, old, new):
    path = tmp_path / "answer-pack.json"
    path.write_bytes(content.replace(old, new, 1))

    assert cli.main(["pack", "verify", str(path)]) == 1
    assert "✕ changed since it was signed" in capsys.readouterr().out


def test_what_is_no_pack_or_not_there_is_said(tmp_path, capsys):
    path = tmp_path / "x.json"
    path.write_text("{}")
    assert cli.main(["pack", "verify", str(path)]) == 1
    assert packs.NO_PACK in capsys.readouterr().out
    assert cli.main(["pack", "verify", str(tmp_path / "none")]) == 2
