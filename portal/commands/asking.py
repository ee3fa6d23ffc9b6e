"""`kettenblick questionnaire check FILE`: whether the portal would take a catalogue of questions in."""

import argparse
import sys
from pathlib import Path

from portal.commands.shell import Commands, Refusal
from questionnaires import owning, shelf
from questionnaires.model import Catalogue
from questionnaires.reading import LARGEST, BadFile
from scanners.catalogue import CHECKS


def add_questionnaire(commands: Commands) -> None:
    """The commands about catalogues of questions."""
    verbs = commands.add_parser("questionnaire", help="check a catalogue of questions").add_subparsers(
        dest="verb", required=True
    )
    check = verbs.add_parser(
        "check",
        help="read a catalogue (YAML) as the portal takes it in; status 1 and the line if it breaks the format",
    )
    check.add_argument("file", type=Path, metavar="FILE")
    check.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    try:
        with arguments.file.open("rb") as file:
            source = file.read(LARGEST + 1)
    except OSError as error:
        raise Refusal(f"{arguments.file} cannot be read: {error.strerror}.") from error
    try:
        catalogue = owning.load(source)
    except BadFile as wrong:
        place = f"{arguments.file}:{wrong.line}" if wrong.line else str(arguments.file)
        sys.stdout.write(f"✕ {place}: {wrong}\n")
        return 1
    for line in (*_told(catalogue), *_doubts(catalogue, source)):
        sys.stdout.write(f"{line}\n")
    return 0


def _told(catalogue: Catalogue) -> list[str]:
    sections, questions, profile = len(catalogue.sections), len(catalogue.questions), len(catalogue.profile)
    lines = [
        f"✓ {catalogue.id} {catalogue.version}: {catalogue.title.en}",
        f"  {sections} sections, {questions} questions, {profile} of the profile",
    ]
    for one in catalogue.sets.values():
        seconds = sum(catalogue.questions[name].est_seconds for name in one.question_ids)
        lines.append(f"  {one.id.value}: {len(one.question_ids)} questions, at most {-(-seconds // 60)} minutes")
    return lines


def _doubts(catalogue: Catalogue, source: bytes) -> list[str]:
    """What can be read and is probably not meant."""
    in_sets = {name for one in catalogue.sets.values() for name in one.question_ids}
    doubts = [f"! {name} stands in no set and is never asked" for name in catalogue.questions if name not in in_sets]
    for question in catalogue.questions.values():
        doubts += [
            f"! {question.id} names the check {link.check_id}, which this version does not know"
            for link in question.scan_checks
            if link.check_id not in CHECKS
        ]
    if (catalogue.id, catalogue.version) in shelf.released():
        kept = shelf.released()[catalogue.id, catalogue.version]
        if shelf.digest_of(source) != kept:
            doubts.append(
                f"! {catalogue.id} {catalogue.version} is released and was another file: give it a new version"
            )
    return doubts
