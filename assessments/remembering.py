"""Results that hold for thousands of vendors are worked out once: what rests on a catalogue or on the checks alone."""

from collections.abc import Callable, Hashable
from typing import Concatenate, ParamSpec, TypeVar

First = TypeVar("First")
More = ParamSpec("More")
Result = TypeVar("Result")
MOST = 100  # results of one function


def by_first(work: Callable[Concatenate[First, More], Result]) -> Callable[Concatenate[First, More], Result]:
    """Remember what a pure function made of this very object and of equal further arguments.

    A catalogue is too large to be compared, and a follow-up has one of its own under the name of another; so the object
    itself counts, which the result holds on to.
    """
    kept: dict[Hashable, tuple[First, Result]] = {}

    def remembered(first: First, /, *args: More.args, **kwargs: More.kwargs) -> Result:
        key = id(first), args, tuple(kwargs.items())
        found = kept.get(key)
        if found is None:
            if len(kept) >= MOST:
                kept.clear()
            found = kept[key] = first, work(first, *args, **kwargs)
        return found[1]

    return remembered
