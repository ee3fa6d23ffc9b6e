"""Names that look like a domain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import look_alikes

NAMES = st.from_regex(r"[a-z][a-z0-9-]{1,30}[a-z0-9]\.(de|com|co\.uk)", fullmatch=True)


@pytest.mark.parametrize(
    "name",
    [
        "kliniksoft.com",
        "klinisoft.de",
        "klniiksoft.de",
        "k1iniksoft.de",
        "kliiniksoft.de",
        "klinik-soft.de",
        "kliniksoft-login.de",
        "klinikspft.de",
    ],
)
def test_the_ways_by_which_people_are_led_astray(name: str):
    assert name in look_alikes.of("kliniksoft.de", at_most=1000)


def test_a_cap_leaves_some_of_every_kind():
    found = look_alikes.of("kliniksoft.de", at_most=40)

    assert len(found) == 40
    assert any(name.endswith(".com") for name in found)
    assert any("-login" in name for name in found)
    assert any(name.startswith("xn--") for name in found)


@given(NAMES, st.integers(0, 200))
def test_there_are_never_more_than_were_asked_for_and_never_the_domain_itself(domain: str, most: int):
    found = look_alikes.of(domain, at_most=most)

    assert len(found) <= most
    assert len(set(found)) == len(found)
    assert domain not in found


@given(NAMES)
def test_the_same_domain_gives_the_same_names(domain: str):
    assert look_alikes.of(domain, at_most=50) == look_alikes.of(domain, at_most=50)
