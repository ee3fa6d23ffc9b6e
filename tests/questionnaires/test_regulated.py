"""Are we in scope? Every vector of the reference, and a paragraph behind every sentence."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires import regulated, scoping
from questionnaires.regulated import Situation
from questionnaires.scoping import EntityClass, Size

E, I, N = EntityClass.ESSENTIAL, EntityClass.IMPORTANT, EntityClass.NONE  # noqa: E741 - short in the table below
VECTORS = [
    ("MD manufacturer class IIb", ["md_manufacturing"], 120, 25e6, 20e6, I, False),
    ("large MD manufacturer", ["md_manufacturing"], 900, 300e6, 250e6, I, False),
    ("small MDSW start-up", ["md_manufacturing", "software_only"], 18, 2e6, 1e6, N, False),
    ("SaaS hospital portal (cloud)", ["cloud"], 300, 40e6, 30e6, E, True),
    ("HIS vendor with remote operation (MSP)", ["msp", "software_only"], 80, 12e6, 6e6, I, True),
    ("turnover but not balance above 10 Mio.", ["msp"], 35, 14e6, 6e6, N, False),
    ("both financial values above 10 Mio.", ["msp"], 35, 14e6, 12e6, I, True),
    ("financials large without headcount", ["cloud"], 120, 60e6, 50e6, E, True),
    ("turnover > 50 Mio. but balance below 43 Mio.", ["cloud"], 120, 60e6, 30e6, I, True),
    ("web hoster with authoritative DNS", ["dns"], 3, 0.4e6, 0.2e6, E, True),
    ("hospital 600 staff", ["health_provider"], 600, 55e6, 60e6, E, False),
    ("small clinic 60 staff", ["health_provider"], 60, 7e6, 5e6, I, False),
    ("pharma manufacturer", ["pharma_manufacturing"], 260, 45e6, 40e6, E, False),
    ("medical goods dealer", ["trade_only"], 400, 90e6, 60e6, N, False),
    ("pure software house", ["software_only"], 120, 20e6, 15e6, N, False),
    ("PHE-list device maker during an emergency", ["md_phe_critical_list"], 300, 80e6, 60e6, E, False),
]


@pytest.mark.parametrize(
    ("types", "headcount", "turnover", "balance", "expected", "binds"),
    [one[1:] for one in VECTORS],
    ids=[one[0] for one in VECTORS],
)
def test_the_vectors_of_the_reference(types, headcount, turnover, balance, expected, binds):
    size = Size(headcount=headcount, turnover=turnover, balance=balance)
    found = regulated.answer(Situation(types=tuple(types), size=size))

    assert found.entity_class is expected
    assert found.binds_ir_2024_2690 is binds


def test_a_critical_hospital_is_essential_and_proves_it_every_three_years():
    size = Size(headcount=2500, turnover=300e6, balance=200e6)
    found = regulated.answer(Situation(types=("health_provider",), size=size, critical_facility=True))

    assert found.entity_class is E
    assert "§§ 31, 39 BSIG" in [one.cite.en for one in found.duties]


SITUATIONS = st.builds(
    Situation,
    types=st.lists(st.sampled_from(sorted(regulated.kinds())), unique=True, max_size=4).map(tuple),
    size=st.builds(
        Size,
        headcount=st.none() | st.integers(0, 3000),
        turnover=st.none() | st.integers(0, 10**9),
        balance=st.none() | st.integers(0, 10**9),
    ),
    critical_facility=st.booleans(),
    negligible=st.booleans(),
    dora=st.booleans(),
    ti_service=st.booleans(),
    group_it_independent=st.booleans(),
    two_years=st.booleans(),
    country=st.sampled_from(["DE", "AT", "other"]),
)


@given(SITUATIONS)
def test_every_sentence_names_its_paragraph_in_both_languages(situation):
    found = regulated.answer(situation)

    assert found.reasons
    assert found.duties
    for one in itertools.chain(found.reasons, found.duties, found.cautions):
        assert one.text.de
        assert one.text.en
        assert any(sign in one.cite.de for sign in ("§", "Art.", "Anlage", "Anlagen"))
        assert any(sign in one.cite.en for sign in ("§", "Art.", "Annex"))
        assert "%" not in one.text.de


@given(SITUATIONS)
def test_the_reason_given_is_that_of_the_class(situation):
    found = regulated.answer(situation)
    cites = " ".join(one.cite.en for one in found.reasons)

    if found.entity_class is E:
        assert "§ 28(1) no." in cites
    elif found.entity_class is I:
        assert "§ 28(2) no." in cites
    else:
        assert "§ 28" in cites
        assert [one.cite.en for one in found.duties] == ["§ 30(2) no. 4 BSIG"]


@given(SITUATIONS)
def test_growing_never_lowers_the_class(situation):
    order = [N, I, E]
    larger = Size(headcount=5000, turnover=2e9, balance=2e9)
    grown = regulated.answer(Situation(**{**vars(situation), "size": larger}))

    assert order.index(grown.entity_class) >= order.index(regulated.answer(situation).entity_class)


def test_what_is_negligible_is_left_out_only_where_size_decides():
    big = Size(headcount=600)

    assert scoping.classify(["cloud"], big, negligible=True) is N
    assert scoping.classify(["dns"], big, negligible=True) is E
    found = regulated.answer(Situation(types=("cloud",), size=big, negligible=True))
    assert "§ 28(3) BSIG" in [one.cite.en for one in found.reasons]


def test_every_entity_type_of_the_annexes_has_its_number():
    for name in scoping.ANNEX_1 | scoping.ANNEX_2:
        found = regulated.answer(Situation(types=(name,), size=Size(headcount=1)))
        assert "Annex" in found.reasons[0].cite.en
