"""Lists stand in one order: the worst first, then by the vendor's name as people look it up."""

from hypothesis import given
from hypothesis import strategies as st

from assessments import ordering
from assessments.model import RiskLevel

RISKS = st.tuples(st.sampled_from([*RiskLevel, None]), st.integers(1, 5), st.none() | st.integers(1, 5), st.text())


def test_names_stand_as_people_look_them_up():
    names = ["Zebra AG", "uhland", "Überland", "ÄTHER", "Straße", "Strasse B", "Ångström"]

    assert sorted(names, key=ordering.by_name) == [
        *("Ångström", "ÄTHER", "Straße", "Strasse B", "Überland", "uhland", "Zebra AG")
    ]


@given(risks=st.lists(RISKS, max_size=8))
def test_no_two_stand_at_the_same_place(risks):
    places = [
        ordering.of_risk(level, likelihood, impact, vendor_name=name, key=f"R-{number}")
        for number, (level, likelihood, impact, name) in enumerate(risks)
    ]

    assert len(set(places)) == len(places)


def test_the_level_goes_before_everything_and_what_has_none_stands_last():
    rising = [RiskLevel.LOW, RiskLevel.MODERATE, RiskLevel.HIGH, RiskLevel.CRITICAL]
    places = [ordering.of_risk(None, 5, 5, vendor_name="A", key="1")]
    places += [
        ordering.of_risk(level, number, number, vendor_name="A", key="1")
        for level, number in zip(rising, (5, 4, 3, 1), strict=True)
    ]

    assert sorted(places) == places[::-1]
    assert ordering.of_risk("high", 3, 3, vendor_name="", key="E-1") < ordering.of_risk(
        "high", 3, 3, vendor_name="A", key="R-1"
    )
