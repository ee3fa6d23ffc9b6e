"""What is stored comes back equal; what is not ours is refused by name and never raises anything else."""

import copy
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners import storing
from scanners.jobs import Finished, NetworkSettings, Progress, ScanJob, SubjectSeen
from scanners.model import CheckClass, Finding, Message, Observations, Outcome, Severity, Subject, SubjectKind
from scanners.observations import Blind, Observation, Page, Reason
from scanners.storing import BadDocument
from tests.scanners import building

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=2))])
st.register_type_strategy(datetime, st.datetimes(timezones=ZONES, min_value=datetime(1900, 1, 1)))
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))

FACTS = st.one_of(*(st.from_type(kind) for kind in storing.KINDS.values()))
BLIND = st.tuples(st.sampled_from(list(storing.KINDS.values())), st.from_type(Blind))


@st.composite
def sights(draw: st.DrawFn) -> Observations:
    facts: dict[type[Observation], Observation] = {type(fact): fact for fact in draw(st.lists(FACTS, max_size=3))}
    facts |= dict(draw(st.lists(BLIND, max_size=2)))
    return Observations(subject=draw(st.from_type(Subject)), at=draw(st.from_type(datetime)), facts=facts)


def same(left: Observations, right: Observations) -> bool:
    return (left.subject, left.at, left.facts()) == (right.subject, right.at, right.facts())


def test_every_kind_of_observation_can_be_stored() -> None:
    assert {"Page", "TlsHandshakes", "MailDns", "UnpublishedPaths", "Vantage"} <= set(storing.KINDS)
    assert "Blind" not in storing.KINDS
    assert set(storing.KINDS.values()) == {kind for kind in Observation.__subclasses__() if kind is not Blind}


@pytest.mark.parametrize("kind", storing.KINDS.values(), ids=list(storing.KINDS))
@settings(max_examples=15)
@given(data=st.data())
def test_an_observation_comes_back_equal(kind: type[Observation], data: st.DataObject) -> None:
    fact = data.draw(st.from_type(kind))
    text = json.dumps(storing.encode(fact))

    assert storing.decode(kind, json.loads(text)) == fact


@settings(max_examples=25)
@given(sights())
def test_a_sight_comes_back_equal_through_json(seen: Observations) -> None:
    assert same(storing.load(json.loads(json.dumps(storing.dump(seen)))), seen)


@given(st.from_type(Finding))
def test_a_finding_comes_back_equal(finding: Finding) -> None:
    assert storing.load_finding(json.loads(json.dumps(storing.dump_finding(finding)))) == finding


@given(st.from_type(ScanJob))
def test_a_job_comes_back_equal(job: ScanJob) -> None:
    assert storing.load_job(json.loads(json.dumps(storing.dump_job(job)))) == job


@pytest.mark.parametrize(
    "event",
    [
        Progress(stage="Page portal.example.test", done=3, total=14),
        Finished(reason=Reason.DEADLINE, seconds=1.5, connections=3, requests=4),
        Finished(),
    ],
)
def test_an_event_comes_back_equal(event: Progress | Finished) -> None:
    assert storing.load_event(json.loads(json.dumps(storing.dump_event(event)))) == event


def test_a_sight_as_an_event_keeps_whether_it_is_complete() -> None:
    event = SubjectSeen(observations=building.seen(building.page()), complete=True)

    loaded = storing.load_event(json.loads(json.dumps(storing.dump_event(event))))

    assert isinstance(loaded, SubjectSeen)
    assert loaded.complete
    assert same(loaded.observations, event.observations)


def test_the_same_value_gives_the_same_bytes() -> None:
    def job(*classes: CheckClass) -> ScanJob:
        return ScanJob(hosts=("a.example.test",), at=building.AT, classes=frozenset(classes))

    one = job(CheckClass.STANDARD, CheckClass.ACTIVE, CheckClass.PASSIVE)
    other = job(CheckClass.PASSIVE, CheckClass.ACTIVE, CheckClass.STANDARD)

    assert json.dumps(storing.dump_job(one)) == json.dumps(storing.dump_job(other))


def test_a_port_map_keeps_numbers_as_keys() -> None:
    job = ScanJob(hosts=(), at=building.AT, network=NetworkSettings(port_map={443: 18443}))

    assert storing.load_job(storing.dump_job(job)).network.port_map == {443: 18443}


def test_kinds_of_a_later_version_are_left_out() -> None:
    document = storing.dump(building.seen(building.page()))
    document["facts"]["Telepathy"] = {"at": "2026-01-01T00:00:00+00:00"}

    assert set(storing.load(document).facts()) == {Page}


def test_fields_that_came_later_get_their_default() -> None:
    document = storing.dump(building.seen(building.page()))
    del document["facts"]["Page"]["left_host_to"]

    assert storing.load(document)[Page].left_host_to is None


def paths(document: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at]
    items = (
        document.items() if isinstance(document, Mapping) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, item in items:
        found += paths(item, (*at, key))
    return found


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    document = copy.deepcopy(document)
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return document


RICH = storing.dump(
    building.seen(
        building.page(), building.handshakes(), building.cleartext(), blind={building.LoginPage: Reason.TIMEOUT}
    )
)
WRONG = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just({}), st.just([[]])
)


@given(path=st.sampled_from(paths(RICH)), value=WRONG)
def test_a_document_with_anything_else_anywhere_loads_or_is_refused(path: tuple[Any, ...], value: Any) -> None:
    try:
        loaded = storing.load(changed(RICH, path, value))
    except BadDocument as refused:
        assert str(value) not in str(refused) or len(str(value)) < 6
    else:
        json.dumps(storing.dump(loaded))


@pytest.mark.parametrize("schema", [None, 0, storing.SCHEMA + 1, "1", True, 1.0])
def test_another_schema_is_refused(schema: Any) -> None:
    with pytest.raises(BadDocument):
        storing.load({**RICH, "schema": schema})


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 10**400, "1", True, None])
def test_what_json_cannot_carry_as_a_number_is_refused(number: Any) -> None:
    with pytest.raises(BadDocument):
        storing.load_event({"event": "finished", "seconds": number})


@pytest.mark.parametrize("key", ["9" * 5000, "x", "", "-", "--1", "\u0662"])
def test_what_is_no_port_is_refused_as_a_key(key: str) -> None:
    document = storing.dump_job(ScanJob(hosts=(), at=building.AT))
    document["network"]["port_map"] = {key: 1}

    with pytest.raises(BadDocument):
        storing.load_job(document)


def test_half_a_surrogate_pair_is_refused() -> None:
    document = json.loads(json.dumps(changed(RICH, ("facts", "Page", "hops", 0, "body"), "\ud800")))

    with pytest.raises(BadDocument):
        storing.load(document)


@pytest.mark.parametrize(
    "time", ["0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00", "2026-01-01T00:00:00", "yesterday", 1, None]
)
def test_a_time_without_a_zone_or_outside_the_calendar_is_refused(time: Any) -> None:
    with pytest.raises(BadDocument):
        storing.load({**RICH, "at": time})


def test_more_items_and_longer_texts_than_we_write_are_refused() -> None:
    crowded = changed(RICH, ("facts", "TlsHandshakes", "groups"), ["x25519"] * (storing.MOST_ITEMS + 1))
    bloated = changed(RICH, ("facts", "Page", "hops", 0, "body"), "x" * (storing.LONGEST_TEXT + 1))

    for document in (crowded, bloated):
        with pytest.raises(BadDocument):
            storing.load(document)


@pytest.mark.parametrize("document", [None, [], "x", 1, {}, {"event": "other"}, {"event": None}, {"event": "seen"}])
def test_what_is_no_event_is_refused(document: Any) -> None:
    with pytest.raises(BadDocument):
        storing.load_event(document)


def test_a_finding_keeps_its_sentence_and_its_gaps() -> None:
    finding = Finding(
        check_id="tls.protocol-legacy",
        subject=Subject(kind=SubjectKind.HOST, name="a.example.test"),
        outcome=Outcome.FAIL,
        severity=Severity.HIGH,
        fact=Message(text="accepts %(versions)s, %(count)s in all", values={"versions": "TLSv1.0", "count": 1}),
        at=building.AT,
    )

    loaded = storing.load_finding(storing.dump_finding(finding))

    assert loaded.fact.render() == "accepts TLSv1.0, 1 in all"
    assert type(loaded.fact.values["count"]) is int
