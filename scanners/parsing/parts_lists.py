"""What a list of software parts (SBOM) says in any format: the product, who made the list, and its components."""

from collections.abc import Iterable
from datetime import UTC, datetime

from scanners.model import Message
from scanners.records import record

MOST_COMPONENTS = 50_000
DEEPEST = 200
LONGEST_NAME, LONGEST_WORD, LONGEST_IDENTIFIER = 300, 200, 500
MOST_TOOLS = 5


class Unreadable(Exception):
    """The file is no list that can be read; the message says why."""

    def __init__(self, text: str, **values: str | int) -> None:
        """Hold the sentence."""
        self.message = Message(text=text, values=values)
        super().__init__(text)


@record
class Component:
    """One part of a product, in its maker's words; "" is what the list leaves out."""

    name: str
    version: str = ""
    purl: str = ""
    cpe: str = ""
    supplier: str = ""
    licence: str = ""
    hashes: int = 0


@record
class PartsList:
    """A document in CycloneDX or SPDX. The product itself is no component of its own."""

    format: str  # "CycloneDX", "SPDX"
    version: str
    product: str = ""
    product_version: str = ""
    product_supplier: str = ""
    created_at: datetime | None = None
    author: str = ""  # who answers for the list: a person or a company, not a program
    tools: str = ""
    relations: int = 0  # how many dependencies between parts are told
    components: tuple[Component, ...] = ()


def word(value: object, longest: int = LONGEST_WORD) -> str:
    """A text of a stranger on one line, cut; "" for what is no text or stands for nothing."""
    if not isinstance(value, str):
        return ""
    text = value[: 4 * longest]
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    text = " ".join(text.split())[:longest]
    return "" if text.upper() in {"NOASSERTION", "NONE"} else text


def first(*values: str) -> str:
    """The first that says something."""
    return next((value for value in values if value), "")


def listing(words: Iterable[str]) -> str:
    """A few names in a row."""
    return ", ".join(list(dict.fromkeys(filter(None, words)))[:MOST_TOOLS])[:LONGEST_WORD]


def moment(value: object) -> datetime | None:
    """A time as ISO 8601 has it; without a zone it is UTC. None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
