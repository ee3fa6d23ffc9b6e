"""Passwords: Argon2id, two at a time, and the few rules that help."""

import re
import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from portal.errors import BadInput
from scanners.model import N_, Message

SHORTEST, LONGEST = 12, 200
HASHER = PasswordHasher()
# One hash takes 64 MiB; a storm of sign-ins waits instead of taking the machine's memory.
AT_ONCE = threading.BoundedSemaphore(2)
_REPEATED = re.compile(r"(.{1,4}?)\1+.?", re.DOTALL)
_COMMON = (
    *("password", "passwort", "kennwort", "qwertz", "qwerty", "123456", "abcdef", "letmein", "welcome"),
    *("willkommen", "kettenblick", "krankenhaus", "hospital", "geheim", "admin", "changeme", "iloveyou"),
)


def check_rules(password: str, *, about: tuple[str, ...] = (), field: str = "password") -> None:
    """Refuse what is guessed first; length is the rule, there are no rules about signs."""
    if len(password) < SHORTEST:
        raise BadInput({field: Message(text=N_("Use at least %(count)s characters."), values={"count": SHORTEST})})
    if len(password) > LONGEST:
        raise BadInput({field: Message(text=N_("Use at most %(count)s characters."), values={"count": LONGEST})})
    if _is_guessed_first(password.casefold(), about):
        raise BadInput(
            {field: Message(text=N_("This password is guessed early. Use several unrelated words, for example."))}
        )


def make_hash(password: str) -> str:
    """The text that is stored."""
    with AT_ONCE:
        return HASHER.hash(password)


def fits(stored: str | None, password: str) -> bool:
    """Whether the password is right; without a stored hash it takes as long and is wrong."""
    with AT_ONCE:
        try:
            HASHER.verify(stored or _nobody(), password[: LONGEST * 4])
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with weaker settings than today's."""
    return HASHER.check_needs_rehash(stored)


def _is_guessed_first(password: str, about: tuple[str, ...]) -> bool:
    rest = password
    for word in (*_COMMON, *(part for text in about for part in re.split(r"[\W_]+", text.casefold()) if len(part) > 3)):  # noqa: PLR2004 - short parts of a name are in many good passwords
        rest = rest.replace(word, "")
    enough = SHORTEST // 2
    return len(set(rest)) < enough - 1 or len(rest) < enough or _REPEATED.fullmatch(password) is not None


@cache
def _nobody() -> str:
    return HASHER.hash(secrets.token_urlsafe(32))
