"""The order in which a server chooses, put together from the orders of parts that were asked for side by side."""

import heapq
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item", bound=int)

Ahead = tuple[Item, Item]  # the first is chosen although the second is offered too


def parts_of(items: Sequence[Item], count: int) -> tuple[tuple[Item, ...], ...]:
    """So many parts of about the same length; neighbours, which tend to be taken together, go to different ones."""
    return tuple(tuple(items[start::count]) for start in range(min(count, len(items))))


def usual_first(items: Sequence[Item], usual: Sequence[Item]) -> tuple[tuple[Item, ...], ...]:
    """Those that are usually taken two by two, which costs no question that is refused, and all others together."""
    likely = [item for item in usual if item in set(items)]
    pairs = [tuple(likely[start : start + 2]) for start in range(0, len(likely), 2)]
    rest = tuple(item for item in items if item not in set(likely))
    return tuple(part for part in (*pairs, rest) if part)


def witness(parts: Iterable[Sequence[Item]], level: Callable[[Item], int]) -> tuple[Item, ...]:
    """Two items of which the worse was chosen although the better was offered too; none where every part is sorted."""
    pairs = (pair for part in parts for pair in itertools.pairwise(part))
    return next((pair for pair in pairs if level(pair[0]) < level(pair[1])), ())


def is_sorted(part: Sequence[Item], level: Callable[[Item], int]) -> bool:
    """Whether no item of the part is chosen before one of a better level."""
    levels = [level(item) for item in part]
    return levels == sorted(levels, reverse=True)


def open_questions(parts: Iterable[Sequence[Item]], level: Callable[[Item], int]) -> tuple[tuple[Item, ...], ...]:
    """What to offer to learn whether better levels go first everywhere: an item, then all of the next level below.

    Within each part the order is known; where every part is sorted, only its last of each level can come too late.
    Parts may begin alike: one that was halved after some items is known by two.
    """
    known = [tuple(part) for part in parts if part]
    levels = sorted({level(item) for part in known for item in part}, reverse=True)
    questions: list[tuple[Item, ...]] = []
    for upper, lower in itertools.pairwise(levels):
        below = tuple(dict.fromkeys(item for part in known for item in part if level(item) == lower))
        lasts = [[item for item in part if level(item) == upper][-1:] for part in known]
        questions += [(*last, *below) for last in lasts if last]
    return tuple(dict.fromkeys(questions))


def merged(
    parts: Iterable[Sequence[Item]],
    *,
    level: Callable[[Item], int],
    first: Item | None = None,
    ahead: Iterable[Ahead[Item]] = (),
) -> tuple[Item, ...]:
    """One order that holds with everything that was seen; what was not seen is taken to be as it should be."""
    known = [tuple(part) for part in parts]
    pairs = [pair for part in known for pair in itertools.pairwise(part)]
    pairs += [(first, part[0]) for part in known if part and first is not None and part[0] != first]
    pairs += list(ahead)
    items = {
        item: (-level(item), place, number) for number, part in enumerate(known) for place, item in enumerate(part)
    }
    waits = dict.fromkeys(items, 0)
    after: dict[Item, list[Item]] = {item: [] for item in items}
    for earlier, later in dict.fromkeys(pairs):
        if earlier in items and later in items:
            waits[later] += 1
            after[earlier].append(later)
    free = [(items[item], item) for item, count in waits.items() if not count]
    heapq.heapify(free)
    ordered: list[Item] = []
    while free:
        _rank, item = heapq.heappop(free)
        ordered.append(item)
        for later in after[item]:
            waits[later] -= 1
            if not waits[later]:
                heapq.heappush(free, (items[later], later))
    # A server that contradicts itself has no order; what is left stands at the end.
    return (*ordered, *(item for item in items if item not in set(ordered)))
