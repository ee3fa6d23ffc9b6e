"""A recorded scan: everything that was seen, in one file that can be judged again without a network."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from scanners import storing
from scanners.catalogue import CATALOGUE_VERSION
from scanners.model import CheckClass, Observations
from scanners.observations import UnpublishedPaths
from scanners.records import record
from scanners.storing import BadDocument

FORM = "kettenblick-recording"
LARGEST = 200_000_000  # bytes of a file; nothing we write comes near it


@record
class Recording:
    """What was seen, and what might be looked at: a check of another class was not asked."""

    seen: tuple[Observations, ...]
    classes: frozenset[CheckClass]


def write(file: Path, recording: Recording) -> None:
    """Write the recording; the same sight gives the same bytes."""
    document = {
        "form": FORM,
        "schema": storing.SCHEMA,
        "catalogue": CATALOGUE_VERSION,
        "classes": sorted(recording.classes),
        "subjects": [storing.dump(one) for one in in_order(recording.seen)],
    }
    file.write_text(json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read(file: Path) -> Recording:
    """A recording, the JSON of a scan, or the observations of one subject; checked like any stranger's file."""
    if file.stat().st_size > LARGEST:
        raise BadDocument("file")
    try:
        document: Any = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadDocument("file") from error
    if not isinstance(document, Mapping):
        raise BadDocument("document")
    subjects = document.get("subjects", [document])
    if not isinstance(subjects, list) or not subjects:
        raise BadDocument("subjects")
    seen = tuple(storing.load(one) for one in subjects)
    return Recording(seen=in_order(seen), classes=_classes(document.get("classes"), seen))


def together(recordings: Iterable[Recording]) -> Recording:
    """Several recordings as one; of a subject that stands in two, the later sight counts."""
    every = tuple(recordings)
    newest: dict[Any, Observations] = {}
    for one in sorted((one for recording in every for one in recording.seen), key=lambda one: one.at):
        newest[one.subject] = one
    return Recording(
        seen=in_order(newest.values()), classes=frozenset(one for recording in every for one in recording.classes)
    )


def in_order(seen: Iterable[Observations]) -> tuple[Observations, ...]:
    """By subject."""
    return tuple(sorted(seen, key=lambda one: one.subject))


def _classes(stored: Any, seen: Iterable[Observations]) -> frozenset[CheckClass]:
    """As recorded. Where nothing is said, what is in it tells whether unpublished paths were asked for."""
    if isinstance(stored, list):
        try:
            return frozenset(CheckClass(one) for one in stored)
        except ValueError:
            raise BadDocument("classes") from None
    is_active = any(UnpublishedPaths in one.facts() for one in seen)
    return frozenset(CheckClass) if is_active else frozenset({CheckClass.PASSIVE, CheckClass.STANDARD})
