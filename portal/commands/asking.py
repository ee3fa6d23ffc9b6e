"""`kettenblick questionnaire check FILE`: whether the portal would take a catalogue of questions in."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from portal import i18n
from portal.commands.shell import Commands, Refusal
from questionnaires import owning, shelf
from questionnaires.model import N_, Catalogue, Message
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
    check.add_argument("--language", choices=sorted(i18n.LANGUAGES), default=i18n.DEFAULT)
    check.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    translate = i18n.translator(arguments.language)
    try:
        with arguments.file.open("rb") as file:
            source = file.read(LARGEST + 1)
    except OSError as error:
        raise Refusal(f"{arguments.file} cannot be read: {error.strerror}.") from error
    try:
        catalogue = owning.load(source)
    except BadFile as wrong:
        place = f"{arguments.file}:{wrong.line}" if wrong.line else str(arguments.file)
        sys.stdout.write(f"✕ {place}: {wrong.say(translate)}\n")
        return 1
    for line in (*_told(catalogue, translate, arguments.language), *_doubts(catalogue, source, translate)):
        sys.stdout.write(f"{line}\n")
    return 0


def _told(catalogue: Catalogue, translate: Callable[[str], str], language: str) -> list[str]:
    sections, questions, profile = len(catalogue.sections), len(catalogue.questions), len(catalogue.profile)
    lines = [
        f"✓ {catalogue.id} {catalogue.version}: {catalogue.title.get(language)}",
        "  "
        + translate(N_("%(sections)s sections, %(questions)s questions, %(profile)s of the profile"))
        % {"sections": sections, "questions": questions, "profile": profile},
    ]
    for one in catalogue.sets.values():
        seconds = sum(catalogue.questions[name].est_seconds for name in one.question_ids)
        said = translate(N_("%(questions)s questions, at most %(minutes)s minutes"))
        lines.append(f"  {one.id.value}: " + said % {"questions": len(one.question_ids), "minutes": -(-seconds // 60)})
    return lines


def _doubts(catalogue: Catalogue, source: bytes, translate: Callable[[str], str]) -> list[str]:
    """What can be read and is probably not meant."""
    in_sets = {name for one in catalogue.sets.values() for name in one.question_ids}
    doubts = [
        Message(text=N_("%(name)s stands in no set and is never asked"), values={"name": name})
        for name in catalogue.questions
        if name not in in_sets
    ]
    for question in catalogue.questions.values():
        doubts += [
            Message(
                text=N_("%(name)s names the check %(check)s, which this version does not know"),
                values={"name": question.id, "check": link.check_id},
            )
            for link in question.scan_checks
            if link.check_id not in CHECKS
        ]
    if (catalogue.id, catalogue.version) in shelf.released():
        kept = shelf.released()[catalogue.id, catalogue.version]
        if shelf.digest_of(source) != kept:
            released = f"{catalogue.id} {catalogue.version}"
            said = N_("%(name)s is released and was another file: give it a new version")
            doubts.append(Message(text=said, values={"name": released}))
    return [f"! {one.render(translate)}" for one in doubts]
