"""`kettenblick policy check FILE`: whether the portal would take a hospital's policy in."""

import argparse
import sys
from pathlib import Path

from assessments import tailoring
from portal import i18n
from portal.commands.shell import Commands, Refusal
from questionnaires import owning, shelf
from questionnaires.model import N_, Catalogue
from questionnaires.reading import LARGEST, BadFile


def add_policy(commands: Commands) -> None:
    """The commands about policies."""
    verbs = commands.add_parser("policy", help="check a hospital's policy").add_subparsers(dest="verb", required=True)
    check = verbs.add_parser(
        "check",
        help="read a policy (YAML) as the portal takes it in; status 1 and every line at which something is wrong",
    )
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument(
        "--catalogue",
        type=Path,
        metavar="FILE",
        action="append",
        default=[],
        help="a catalogue of the hospital's own, whose questions may be must-haves; may be given several times",
    )
    check.add_argument("--language", choices=sorted(i18n.LANGUAGES), default=i18n.DEFAULT)
    check.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    translate = i18n.translator(arguments.language)
    asked = [shelf.get(*name) for name in shelf.versions()]
    for path in arguments.catalogue:
        try:
            asked.append(_catalogue(path))
        except BadFile as wrong:
            return _refuse(path, [wrong], arguments.language)
    try:
        own, problems = tailoring.check(_read(arguments.file), asked)
    except BadFile as wrong:
        return _refuse(arguments.file, [wrong], arguments.language)
    if problems:
        return _refuse(arguments.file, [tailoring.told(one) for one in problems], arguments.language)
    base = tailoring.base_of(own)
    changes = tailoring.differences(base, own)
    said = N_("a policy on top of version %(version)s as it ships; places that differ: %(count)s")
    sys.stdout.write(f"✓ {arguments.file}: {translate(said) % {'version': base.version, 'count': len(changes)}}\n")
    for one in changes:
        before, after = one.before or "–", one.after or "–"
        sys.stdout.write(f"  {translate(tailoring.WORDS[one.field])} {one.place}: {before} → {after}\n")
    return 0


def _catalogue(path: Path) -> Catalogue:
    return owning.load(_read(path))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror}.") from error


def _refuse(path: Path, wrong: list[BadFile], language: str) -> int:
    translate = i18n.translator(language)
    for one in wrong:
        place = f"{path}:{one.line}" if one.line else str(path)
        sys.stdout.write(f"✕ {place}: {one.say(translate)}\n")
    return 1
