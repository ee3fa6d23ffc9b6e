"""Who can sign in to the demonstration, and how: made once per instance, kept in its data directory, shown at start."""

import datetime as dt
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyotp

from portal.demonstration.story import Story
from portal.files import disk
from scanners.model import N_

FILE = "demonstration.json"
WORDS = 4
SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that look like another
HOSPITAL_WORDS: Mapping[str, str] = {  # as the pages say them
    "admin": N_("Administration"),
    "assessor": N_("Assessment"),
    "decider": N_("Decision"),
    "auditor": N_("Audit (read only)"),
}
COMPANY_WORDS: Mapping[str, str] = {
    "lead": N_("Vendor: lead"),
    "contributor": N_("Vendor: contributor"),
    "signatory": N_("Vendor: signatory"),
}
Translate = Callable[[str], str]
PASSWORD_OF_EVERYBODY = N_("Password of everybody")


@dataclass(frozen=True, kw_only=True)
class Logins:
    """One password for all, and a second factor for each of the hospital's people."""

    password: str = field(repr=False)
    totp_secrets: Mapping[str, str] = field(repr=False)  # by address


def is_kept(folder: Path) -> bool:
    """Whether the folder holds a demonstration."""
    return (folder / FILE).exists()


def keep(folder: Path, story: Story) -> Logins:
    """The log-ins of this instance; made at the first call, so that no two instances share a password."""
    fresh = {
        "password": "-".join("".join(secrets.choice(SIGNS) for _ in range(WORDS)) for _ in range(WORDS)),
        "totp_secrets": {member.email: pyotp.random_base32(32) for member in story.people},
    }
    path = folder / FILE
    disk.write_new(path, json.dumps(fresh, indent=1).encode())
    return Logins(**json.loads(path.read_text(encoding="utf-8")))


def lines(logins: Logins, story: Story, *, translate: Translate, now: dt.datetime) -> Sequence[str]:
    """A table of who can sign in, to be printed."""
    head = tuple(translate(word) for word in (N_("Role"), N_("Name"), N_("E-mail"), N_("TOTP secret"), N_("Code now")))
    rows = [
        (
            translate(HOSPITAL_WORDS[member.role]),
            member.name,
            member.email,
            logins.totp_secrets[member.email],
            pyotp.TOTP(logins.totp_secrets[member.email]).at(now),
        )
        for member in story.people
    ]
    rows += [(translate(COMPANY_WORDS[role]), name, address, "–", "–") for role, name, address in _vendor_side(story)]
    return [*_aligned([head, *rows]), "", f"{translate(PASSWORD_OF_EVERYBODY)}: {logins.password}"]


def _vendor_side(story: Story) -> Sequence[tuple[str, str, str]]:
    """The lead of the round that is being answered, of one that was returned, and their colleagues."""
    found = []
    for vendor in story.vendors:
        went = vendor.round
        if went is None or went.accepted is None:
            continue
        is_returned = went.review is not None and bool(went.review.returned)
        if went.handed_in is None or is_returned:
            found.append(("lead", f"{went.accepted.person} ({vendor.name})", vendor.contact["email"]))
        found += [(one.role, f"{one.name} ({vendor.name})", one.email) for one in went.colleagues]
    return found


def _aligned(rows: Sequence[Sequence[str]]) -> Sequence[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
