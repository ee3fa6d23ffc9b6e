"""The registrable domain, as the package of the public suffix list itself would tell it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from publicsuffixlist import PSLFILE, PublicSuffixList

from scanners import suffixes

THEIRS = PublicSuffixList(accept_unknown=True)
LABELS = st.sampled_from(
    ("www", "a", "kobe", "jp", "city", "ck", "de", "co", "uk", "xn--p1ai", "公司", "cn", "", "com")
)


@given(st.lists(LABELS, min_size=1, max_size=6))
def test_any_name_has_the_domain_that_the_package_finds(labels: list[str]) -> None:
    assert suffixes.registrable(".".join(labels)) == THEIRS.privatesuffix(".".join(labels))


@pytest.mark.parametrize("below", ["", "a.", "b.a.", "c.b.a."])
def test_below_every_rule_both_find_the_same(below: str) -> None:
    with open(PSLFILE, encoding="utf-8") as lines:  # noqa: PTH123 - the package names its file as text
        rules = [line.split()[0] for line in lines if line.strip() and not line.startswith("//")]
    for rule in random.Random(1).sample(rules, 2_000):
        name = below + rule.removeprefix("!").replace("*", "w")
        for spelt in (name, name.encode("idna").decode("ascii")):
            assert suffixes.registrable(spelt) == THEIRS.privatesuffix(spelt)


def test_a_name_that_is_none_has_no_domain() -> None:
    assert suffixes.registrable("a..de") is None
    assert suffixes.registrable("") is None
    assert suffixes.registrable("KLINIK.de.") == "klinik.de"
