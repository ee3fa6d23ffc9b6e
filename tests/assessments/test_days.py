"""A day begins and ends at midnight where the hospitals are, also where an hour is left out or comes twice."""

from datetime import UTC, date, datetime, time, timedelta, timezone

from hypothesis import example, given
from hypothesis import strategies as st

from assessments import days, evidence_rules, outside, register
from assessments.model import Assurance, EvidenceStanding, FindingStanding, RiskSource
from tests.assessments import building
from tests.assessments.building import POLICY

SECOND = timedelta(seconds=1)
BEFORE_SUMMER, BEFORE_WINTER = date(2027, 3, 28), date(2027, 10, 31)  # the clock is moved on the morning of each
SOME_DAY = st.dates(date(2000, 1, 1), date(2090, 1, 1))


@given(day=SOME_DAY)
@example(day=BEFORE_SUMMER)
@example(day=BEFORE_SUMMER + timedelta(days=1))
@example(day=BEFORE_WINTER)
@example(day=BEFORE_WINTER + timedelta(days=1))
def test_a_day_begins_at_its_midnight(day):
    midnight = datetime.combine(day, time(), tzinfo=days.ZONE).astimezone(UTC)

    assert days.of(midnight) == day
    assert days.of(midnight - SECOND) == day - timedelta(days=1)


@given(at=st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)), hours=st.integers(-14, 14))
def test_a_moment_has_one_day_however_it_is_written(at, hours):
    moment = at.replace(tzinfo=UTC)

    assert days.of(moment.astimezone(timezone(timedelta(hours=hours)))) == days.of(moment)


@given(
    day=st.sampled_from([BEFORE_SUMMER, BEFORE_WINTER, date(2026, 12, 31), date(2027, 7, 1)]),
    seconds=st.integers(-3 * 3600, 3 * 3600),
)
def test_all_that_ends_on_a_day_counts_until_the_same_midnight(day, seconds):
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=days.ZONE)
    at = midnight.astimezone(UTC) + timedelta(seconds=seconds)
    knock_out, papered = building.CATALOGUE.questions["IR-01"], building.CATALOGUE.questions["GV-01"]
    refused = building.answer(knock_out.id, building.worst(knock_out), knock_out_accepted_until=day)
    found = building.dossier(
        at=at,
        answers=(refused,),
        evidence=(building.evidence(papered.id, "iso27001_cert", valid_until=day),),
        findings=(building.finding("cert.chain-trust", standing=FindingStanding.WAIVED, waived_until=day),),
    )

    assessed = register.assess(found, POLICY)
    (paper,) = (one for one in assessed.evidence if one.sha256)
    accepted = [risk for risk in assessed.risks if risk.source in {RiskSource.FINDING, RiskSource.GAP}]
    stands = {
        paper.standing is not EvidenceStanding.EXPIRED,
        evidence_rules.proof(found, papered, None, POLICY) is Assurance.PROVEN,
        not assessed.score.caps,  # of the knock-out, of the critical finding
        not outside.grade(found, POLICY).caps,
        *(risk.accepted_until == day for risk in accepted),
    }
    assert len(accepted) == 2
    assert stands == {seconds < 0}
