"""`kettenblick pack verify FILE`: whether an answer pack is as it was signed; needs no instance and no network."""

import argparse
import sys
from pathlib import Path

from portal.commands.shell import Commands, Refusal
from portal.files import signing
from portal.files.signing import Signature
from questionnaires import packs
from questionnaires.packs import BadPack
from reports.workbooks import pack_child


def add_pack(commands: Commands) -> None:
    """The commands about answer packs."""
    verbs = commands.add_parser("pack", help="check an answer pack").add_subparsers(dest="verb", required=True)
    verify = verbs.add_parser(
        "verify", help="read a pack (JSON or zip) and check its signature; status 1 if it does not fit"
    )
    verify.add_argument("file", type=Path, metavar="FILE")
    verify.set_defaults(run=_verify)


def _verify(arguments: argparse.Namespace) -> int:
    try:
        with arguments.file.open("rb") as file:
            content = file.read(pack_child.LARGEST + 1)
    except OSError as error:
        raise Refusal(f"{arguments.file} cannot be read: {error.strerror}.") from error
    try:
        document, seal = pack_child.load(pack_child.answer(content))
    except BadPack as refusal:
        sys.stdout.write(f"✕ {arguments.file}: {refusal.message.render()}\n")
        return 1
    pack = packs.load(document)
    signature = Signature(public_key=seal.public_key, value=seal.value)
    fits = signing.is_signed(signature, packs.PURPOSE, packs.canonical(document))
    standing = f"signed off at {pack.signed_off_at:%Y-%m-%d %H:%M} UTC" if pack.signed_off_at else "a draft"
    for line in (
        f"{'✓ unchanged since it was signed' if fits else '✕ changed since it was signed'}: {arguments.file}",
        f"  {pack.company}, {standing}, {pack.catalogue_id} {pack.catalogue_version}",
        f"  {len(pack.answers)} answers, {len(pack.documents)} documents",
        f"  key {signature.fingerprint}",
    ):
        sys.stdout.write(f"{line}\n")
    return 0 if fits else 1
