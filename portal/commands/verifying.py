"""`kettenblick verify BUNDLE`: whether an evidence bundle is as it was signed and follows from what it holds."""

import argparse
import base64
import binascii
import json
import re
import sys
from pathlib import Path

from portal.commands.shell import Commands, Refusal
from portal.files import signing
from portal.files.signing import Signature
from reports.bundles import packing, verifying, zips
from reports.bundles.packing import Seal

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
LARGEST_KEY = 10_000  # bytes of a file with a key


def add_verify(commands: Commands) -> None:
    """The command itself."""
    command = commands.add_parser(
        "verify",
        help="check an evidence bundle without a network: hashes, signature, findings, score",
        epilog="status 0: it fits; 1: changed, or not what follows from what it holds; 2: no bundle that can be read; "
        "3: unchanged, but this version cannot work everything out again",
    )
    command.add_argument("bundle", type=Path, metavar="BUNDLE")
    command.add_argument(
        "--key",
        default="",
        metavar="FILE|FINGERPRINT",
        help="the key you trust: its fingerprint, or a file with it (kettenblick-signing-key.json, or 32 bytes)",
    )
    command.set_defaults(run=_verify)


def _verify(arguments: argparse.Namespace) -> int:
    fingerprint = _trusted(arguments.key) if arguments.key else ""
    try:
        with arguments.bundle.open("rb") as file:
            content = file.read(zips.LARGEST + 1)
    except OSError as error:
        raise Refusal(f"{arguments.bundle} cannot be read: {error.strerror}.") from error
    found = verifying.verify(content, _is_signed, fingerprint=fingerprint)
    for note in found.notes:
        sys.stdout.write(f"{note.mark} {note.text}\n")
    sys.stdout.write(f"{WORDS[found.status]}\n")
    return int(found.status)


WORDS = {
    verifying.Status.FITS: "The bundle is unchanged, and it follows from what it holds.",
    verifying.Status.CHANGED: "The bundle does not fit.",
    verifying.Status.REFUSED: "The file was not read on.",
    verifying.Status.IN_PART: "The bundle is unchanged; not everything in it can be worked out again here.",
}


def _is_signed(seal: Seal, content: bytes) -> bool:
    return signing.is_signed(Signature(public_key=seal.public_key, value=seal.value), packing.PURPOSE, content)


def _trusted(key: str) -> str:
    """The fingerprint of the key that is trusted."""
    plain = "".join(key.split()).lower()
    if _FINGERPRINT.fullmatch(plain):
        return plain
    try:
        with Path(key).open("rb") as file:
            content = file.read(LARGEST_KEY)
    except OSError as error:
        raise Refusal(f"{key} is neither a fingerprint of 64 digits nor a file that can be read.") from error
    return signing.fingerprint(_public_key(key, content))


def _public_key(name: str, content: bytes) -> bytes:
    if len(content) == signing.PUBLIC_BYTES:
        return content
    try:
        text = content.decode("ascii").strip()
        told = json.loads(text)["public_key"] if text.startswith("{") else text
        found = base64.b64decode(told, validate=True)
    except (UnicodeError, ValueError, KeyError, TypeError, binascii.Error, RecursionError) as error:
        raise Refusal(f"{name} holds no public key.") from error
    if len(found) != signing.PUBLIC_BYTES:
        raise Refusal(f"{name} holds no public key of {signing.PUBLIC_BYTES} bytes.")
    return found
