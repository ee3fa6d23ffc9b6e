from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import preference

ORDERS = st.lists(st.integers(0, 40), unique=True, max_size=20)


def level(item: int) -> int:
    return item % 4


def picked(order: list[int], offered: tuple[int, ...]) -> int:
    return min(offered, key=order.index)


def paths(order: list[int], left: tuple[int, ...], taken: tuple[int, ...], halve: int) -> list[tuple[int, ...]]:
    """What is taken of a part that is halved after each so many items."""
    if not left:
        return [taken]
    taken = (*taken, picked(order, left))
    left = tuple(item for item in left if item != taken[-1])
    halves = preference.parts_of(left, 2 if halve and len(taken) % halve == 0 else 1) or ((),)
    return [one for half in halves for one in paths(order, half, taken, halve)]


def asked(order: list[int], count: int, halve: int = 0) -> tuple[int, ...]:
    """As a scan asks a server that chooses in this order."""
    parts = [one for part in preference.parts_of(sorted(order), count) for one in paths(order, part, (), halve)]
    questions = (
        preference.open_questions(parts, level) if all(preference.is_sorted(one, level) for one in parts) else ()
    )
    winners = [(picked(order, question), question[0]) for question in questions]
    return preference.merged(
        parts,
        level=level,
        first=picked(order, tuple(order)) if order else None,
        ahead=[pair for pair in winners if pair[0] != pair[1]],
    )


@given(order=ORDERS, count=st.integers(1, 8), halve=st.integers(0, 3))
def test_every_item_is_there_once_and_the_first_is_the_servers(order: list[int], count: int, halve: int) -> None:
    found = asked(order, count, halve)

    assert sorted(found) == sorted(order)
    assert found[:1] == tuple(order[:1])


@given(order=ORDERS, count=st.integers(1, 8), halve=st.integers(0, 3))
def test_better_levels_go_first_exactly_where_they_do_at_the_server(order: list[int], count: int, halve: int) -> None:
    assert preference.is_sorted(asked(order, count, halve), level) is preference.is_sorted(order, level)


@given(order=ORDERS)
def test_of_one_part_the_whole_order_is_known(order: list[int]) -> None:
    assert asked(order, 1) == tuple(order)


def test_who_contradicts_itself_loses_nothing() -> None:
    assert sorted(preference.merged([(1, 2), (3, 4)], level=level, ahead=[(2, 3), (4, 1)])) == [1, 2, 3, 4]


@given(items=ORDERS, usual=ORDERS)
def test_the_usual_go_two_by_two_and_nothing_is_left_out(items: list[int], usual: list[int]) -> None:
    parts = preference.usual_first(items, usual)

    assert sorted(item for part in parts for item in part) == sorted(items)
    assert all(len(part) <= 2 for part in parts if set(part) & set(usual))


@given(order=ORDERS)
def test_a_witness_is_there_exactly_where_a_worse_one_goes_first(order: list[int]) -> None:
    found = preference.witness([tuple(order)], level)

    assert bool(found) is not preference.is_sorted(order, level)
    assert not found or level(found[0]) < level(found[1])
