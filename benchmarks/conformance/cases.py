"""What a suite is made of: cases, each with what was wanted and what we say."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case of a suite; it agrees when what we got equals what was wanted."""

    id: str
    wanted: object
    got: object

    @property
    def agrees(self) -> bool:
        """Whether we say what the suite says."""
        return self.wanted == self.got


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A file of cases and the way they are fed."""

    name: str
    file: str  # below the folder of conformance data
    feed: Callable[[Path], Iterable[Case]]


def read(file: Path) -> Any:
    """A JSON document of the data."""
    return json.loads(file.read_text(encoding="utf-8"))


def numbered(items: Iterable[Any], *, start: int = 0) -> Iterator[tuple[str, Any]]:
    """Items with their place in the file as id."""
    return ((str(place), item) for place, item in enumerate(items, start))
