"""Text that a person typed becomes a host name that may be scanned; whatever could point elsewhere is refused."""

import unicodedata
from collections.abc import Iterable

import idna

from scanners import suffixes
from scanners.model import N_, Message

LONGEST_NAME = 253
LONGEST_LABEL = 63
LONGEST_TEXT = 1000  # nothing longer can be a name; spares the normaliser hostile input

# RFC 6761, 6762, 7686, 8375, 9476 and ICANN's .internal: names that never mean a host on the public internet.
SPECIAL_USE = (
    "local",
    "localhost",
    "localdomain",
    "internal",
    "intranet",
    "home.arpa",
    "arpa",
    "onion",
    "alt",
    "test",
    "example",
    "invalid",
)
LETTERS_DIGITS_HYPHEN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


class BadTarget(Exception):
    """The text names nothing that may be scanned; the message says why."""

    def __init__(self, message: Message) -> None:
        """Carry the sentence for the person who typed the text."""
        super().__init__(message.render())
        self.message = message


def normalise(text: str, *, permitted_suffixes: Iterable[str] = ()) -> str:
    """The host name in lower-case A-labels. Judged after normalising: "127。0。0。1" becomes an address only then."""
    typed = unicodedata.normalize("NFC", text[:LONGEST_TEXT]).strip()
    if not typed:
        raise BadTarget(Message(text=N_("Enter a host name.")))
    if any(sign in typed for sign in "/:@[]?#\\"):
        raise BadTarget(
            Message(text=N_("Enter only the host name, like portal.example.com, without https:// or a path."))
        )
    name = _to_a_labels(typed.removesuffix("."))
    _refuse_bad_form(name)
    _refuse_reserved(name, tuple(permitted_suffixes))
    return name


def registrable(name: str) -> str:
    """The domain that was registered: one label below the public suffix; a public suffix is its own."""
    return suffixes.registrable(name) or name


def is_below(name: str, suffix: str) -> bool:
    """Whether the name is the suffix or lies under it."""
    suffix = suffix.strip(".")
    return name == suffix or name.endswith("." + suffix)


def _to_a_labels(typed: str) -> str:
    try:
        return idna.encode(typed, uts46=True, std3_rules=True, transitional=False).decode("ascii").lower()
    except (UnicodeError, ValueError) as error:
        raise _not_a_name() from error


def _refuse_bad_form(name: str) -> None:
    labels = name.split(".")
    if len(name) > LONGEST_NAME or any(not _is_label(label) for label in labels):
        raise _not_a_name()
    if _is_number(labels[-1]):
        raise BadTarget(Message(text=N_("Enter a name, not an IP address.")))
    if len(labels) == 1:
        raise BadTarget(Message(text=N_("A host name has at least one dot, like portal.example.com.")))


def _refuse_reserved(name: str, permitted_suffixes: tuple[str, ...]) -> None:
    permitted = any(is_below(name, suffix) for suffix in permitted_suffixes)
    if not permitted and any(is_below(name, suffix) for suffix in SPECIAL_USE):
        raise BadTarget(
            Message(text=N_("%(name)s is a name for internal use and cannot be scanned."), values={"name": name})
        )
    if suffixes.registrable(name) is None:
        raise BadTarget(
            Message(
                text=N_("%(name)s is a public suffix under which many others register; enter a name below it."),
                values={"name": name},
            )
        )


def _is_label(label: str) -> bool:
    return (
        0 < len(label) <= LONGEST_LABEL
        and LETTERS_DIGITS_HYPHEN.issuperset(label)
        and not label.startswith("-")
        and not label.endswith("-")
    )


def _is_number(label: str) -> bool:
    """As browsers see it (WHATWG URL, ends-in-a-number): "1", "0x7f" and "0x" all make an IPv4 address."""
    if label.isdigit():
        return True
    return label.startswith("0x") and all(sign in "0123456789abcdef" for sign in label[2:])


def _not_a_name() -> BadTarget:
    return BadTarget(Message(text=N_("This is not a host name.")))
