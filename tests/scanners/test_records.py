"""A record is what the standard decorator makes, in all that anybody uses."""

import copy
import inspect
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.records import record


@record
class Seen:
    """Ours."""

    at: int
    names: tuple[str, ...] = ()
    marks: Mapping[str, int] = field(default_factory=dict)


@record
class SeenTwice(Seen):
    again: bool = False


@dataclass(frozen=True, kw_only=True)
class Theirs:
    """As the standard decorator makes it."""

    at: int
    names: tuple[str, ...] = ()
    marks: Mapping[str, int] = field(default_factory=dict)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "at": st.integers(0, 3),
    "names": st.lists(st.sampled_from("ab"), max_size=2).map(tuple),
}
GIVEN = st.fixed_dictionaries({"at": VALUES["at"]}, optional={"names": VALUES["names"]})


@given(GIVEN, GIVEN)
def test_two_are_equal_where_the_standard_ones_are(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (Seen(**one) == Seen(**other)) is (Theirs(**one) == Theirs(**other))
    assert repr(Seen(**one)) == repr(Theirs(**one)).replace("Theirs", "Seen")
    assert replace(Seen(**one), **other) == Seen(**{**one, **other})
    assert pickle.loads(pickle.dumps(Seen(**one))) == copy.deepcopy(Seen(**one)) == Seen(**one)


def test_nothing_of_it_changes() -> None:
    seen = Seen(at=1)
    with pytest.raises(FrozenInstanceError):
        seen.at = 2  # type: ignore[misc] # what is tested
    with pytest.raises(FrozenInstanceError):
        del seen.at
    assert seen == Seen(at=1)


def test_what_is_missing_or_unknown_is_named() -> None:
    with pytest.raises(TypeError, match=r"Seen.*: at"):
        Seen()  # type: ignore[call-arg] # what is tested
    with pytest.raises(TypeError, match="colour"):
        Seen(at=1, colour="red")  # type: ignore[call-arg] # what is tested


def test_each_has_its_own_default() -> None:
    assert Seen(at=1).marks is not Seen(at=1).marks


def test_a_family_adds_fields_and_its_members_differ() -> None:
    assert [one.name for one in fields(SeenTwice)] == ["at", "names", "marks", "again"]
    assert SeenTwice(at=1) != Seen(at=1)
    assert hash(SeenTwice(at=1, marks=())) == hash(SeenTwice(at=1, marks=()))  # type: ignore[arg-type] # to be hashed
    assert is_dataclass(SeenTwice(at=1))
    assert list(inspect.signature(SeenTwice).parameters) == ["at", "names", "marks", "again"]
