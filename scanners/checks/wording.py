"""How facts from a target enter a sentence: shortened, and never more than a handful."""

from collections.abc import Iterable

LONGEST = 120
MOST = 5


def listing(items: Iterable[str]) -> str:
    """The first few, separated by commas, and how many more there are."""
    all_items = tuple(dict.fromkeys(items))
    shown = ", ".join(shortened(item) for item in all_items[:MOST])
    return f"{shown} (+{len(all_items) - MOST})" if len(all_items) > MOST else shown


def shortened(text: str, longest: int = LONGEST) -> str:
    """One printable line."""
    line = "".join(sign if sign.isprintable() else " " for sign in text).strip()
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
