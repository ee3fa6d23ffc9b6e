"""A recorded scan comes back as it was."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scanners import recordings
from scanners.model import CheckClass
from scanners.observations import HostDns, UnpublishedPaths
from scanners.recordings import Recording
from scanners.storing import BadDocument, dump
from tests.scanners import building

UNASKED = frozenset({CheckClass.PASSIVE, CheckClass.STANDARD})


def test_a_recording_comes_back_as_it_was(tmp_path: Path):
    one = building.seen(HostDns(at=building.AT, addresses_v4=("192.0.2.1",)))
    other = building.seen_of_domain()
    written = Recording(seen=(one, other), classes=frozenset({CheckClass.PASSIVE}))
    first, second = tmp_path / "a.json", tmp_path / "b.json"

    recordings.write(first, written)
    recordings.write(second, replace(written, seen=(other, one)))

    read = recordings.read(first)
    assert first.read_bytes() == second.read_bytes()
    assert read.classes == written.classes
    assert [dump(each) for each in read.seen] == [dump(each) for each in recordings.in_order((one, other))]


def test_one_subject_alone_is_a_recording_too_and_tells_its_classes(tmp_path: Path):
    plain, asked = tmp_path / "plain.json", tmp_path / "asked.json"
    plain.write_text(json.dumps(dump(building.seen())))
    asked.write_text(json.dumps(dump(building.seen(UnpublishedPaths(at=building.AT)))))

    assert recordings.read(plain).classes == UNASKED
    assert recordings.read(asked).classes == frozenset(CheckClass)


def test_of_two_sights_of_a_subject_the_later_counts():
    early = building.seen()
    late = building.seen(at=building.AT + timedelta(days=1))

    both = recordings.together(Recording(seen=(one,), classes=UNASKED) for one in (late, early))

    assert [one.at for one in both.seen] == [late.at]


@pytest.mark.parametrize("text", ["", "[" * 100_000, "null", '{"subjects": {}}', '{"subjects": [null]}', "{}"])
def test_anything_else_is_refused(tmp_path: Path, text: str):
    file = tmp_path / "seen.json"
    file.write_text(text)

    with pytest.raises(BadDocument):
        recordings.read(file)


def test_classes_nobody_knows_are_refused(tmp_path: Path):
    file = tmp_path / "seen.json"
    file.write_text(json.dumps({"classes": ["all"], "subjects": [dump(building.seen())]}))

    with pytest.raises(BadDocument):
        recordings.read(file)
