"""`kettenblick verify`: a bundle on any machine, with neither network nor settings."""

import base64
import json

import pytest

from portal import cli
from tests.reports.bundles import bundling


@pytest.fixture(scope="module")
def content():
    return bundling.packed()


@pytest.fixture
def bundle(content, tmp_path):
    path = tmp_path / "bundle.zip"
    path.write_bytes(content)
    return path


def verify(*words):
    return cli.main(["verify", *map(str, words)])


def test_a_bundle_fits_and_its_key_is_to_be_compared(bundle, capsys):
    assert verify(bundle) == 0

    told = capsys.readouterr().out
    assert "✓ the signature fits the key in the bundle" in told
    assert f"key unknown: compare the fingerprint with the one of the installation: {bundling.FINGERPRINT}" in told
    assert told.endswith("The bundle is unchanged, and it follows from what it holds.\n")


def test_the_key_is_known_by_fingerprint_or_file(bundle, tmp_path, capsys):
    text = base64.b64encode(bundling.PUBLIC).decode()
    files = {"raw": bundling.PUBLIC, "key.txt": text.encode(), "key.json": json.dumps({"public_key": text}).encode()}
    groups = " ".join(bundling.FINGERPRINT[start : start + 4] for start in range(0, 64, 4)).upper()
    for name, key in files.items():
        (tmp_path / name).write_bytes(key)

    for key in (bundling.FINGERPRINT, groups, *(tmp_path / name for name in files)):
        assert verify(bundle, "--key", key) == 0
        assert "✓ signed by the key you named" in capsys.readouterr().out


def test_another_key_does_not_fit(bundle, capsys):
    assert verify(bundle, "--key", "0" * 64) == 1
    assert f"✕ The bundle is signed by another key: {bundling.FINGERPRINT}" in capsys.readouterr().out


@pytest.mark.parametrize("key", [b"no key", b"{}", b"{", b"\xff" * 33, base64.b64encode(b"short")])
def test_what_is_no_key_is_said(bundle, tmp_path, key, capsys):
    (tmp_path / "key").write_bytes(key)

    assert verify(bundle, "--key", tmp_path / "key") == 2
    assert "holds no public key" in capsys.readouterr().err


def test_a_changed_bundle_and_no_bundle_have_a_status_each(content, tmp_path, capsys):
    path = tmp_path / "changed.zip"
    path.write_bytes(content.replace(b"Beispiel Medizintechnik", b"Beispiel Medizintechnil", 1))
    assert verify(path) == 1
    assert "✕ README.txt was changed: SHA-256" in capsys.readouterr().out
    path.write_bytes(b"%PDF")
    assert verify(path) == 2
    assert "✕ The file is no zip file." in capsys.readouterr().out


def test_a_file_that_is_not_there_is_said(tmp_path, capsys):
    assert verify(tmp_path / "none.zip") == 2
    assert "cannot be read" in capsys.readouterr().err
