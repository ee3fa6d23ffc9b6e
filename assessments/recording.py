"""Answers that the hospital recorded stand where the company has said nothing, and nowhere else."""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

Word = TypeVar("Word")


def merged(own: Iterable[Word], recorded: Iterable[Word], place: Callable[[Word], Hashable]) -> tuple[Word, ...]:
    """The company's words as they are, then what was recorded for the places it left open.

    A company's word always stands, whatever was recorded for the same place and whenever.
    """
    kept = tuple(own)
    said = {place(word) for word in kept}
    return kept + tuple(word for word in recorded if place(word) not in said)
