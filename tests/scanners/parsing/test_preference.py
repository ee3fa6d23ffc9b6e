from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import preference

ORDERS = st.lists(st.integers(0, 40), unique=True, max_size=20)


def level(item: int) -> int:
    return item % 4


def picked(order: list[int], offered: tuple[int, ...]) -> int:
    return min(offered, key=order.index)


def asked(order: list[int], count: int) -> tuple[int, ...]:
    """As a scan asks a server that chooses in this order."""
    parts = [sorted(part, key=order.index) for part in preference.parts_of(sorted(order), count)]
    questions = preference.open_questions(parts, level) if all(preference.is_sorted(one, level) for one in parts) else ()
    winners = [(picked(order, question), question[0]) for question in questions]
    return preference.merged(
        parts,
        level=level,
        first=picked(order, tuple(order)) if order else None,
        ahead=[pair for pair in winners if pair[0] != pair[1]],
    )


@given(order=ORDERS, count=st.integers(1, 8))
def test_every_item_is_there_once_and_the_first_is_the_servers(order: list[int], count: int) -> None:
    found = asked(order, count)

    assert sorted(found) == sorted(order)
    assert found[:1] == tuple(order[:1])


@given(order=ORDERS, count=st.integers(1, 8))
def test_better_levels_go_first_exactly_where_they_do_at_the_server(order: list[int], count: int) -> None:
    assert preference.is_sorted(asked(order, count), level) is preference.is_sorted(order, level)


@given(order=ORDERS)
def test_of_one_part_the_whole_order_is_known(order: list[int]) -> None:
    assert asked(order, 1) == tuple(order)


def test_who_contradicts_itself_loses_nothing() -> None:
    assert sorted(preference.merged([(1, 2), (3, 4)], level=level, ahead=[(2, 3), (4, 1)])) == [1, 2, 3, 4]
