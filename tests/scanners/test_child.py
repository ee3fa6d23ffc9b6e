"""The lines that the scanning process writes."""

import json

from scanners import child, storing
from scanners.jobs import Progress, SubjectSeen
from scanners.observations import Page, Reason, TlsHandshakes
from tests.scanners import building


def test_an_event_is_one_line() -> None:
    event = SubjectSeen(observations=building.seen(building.page(building.response("a\nb\u2028c"))))

    line = child.line_of(event)

    assert line.splitlines() == [line]
    assert child.line_of(Progress(stage="Page", done=1, total=2)).startswith('{"event":"progress"')


def test_an_event_that_is_too_long_loses_its_largest_observation_and_says_so() -> None:
    page = building.page(building.response("x" * 50_000))
    event = SubjectSeen(observations=building.seen(page, building.handshakes()), complete=True)

    loaded = storing.load_event(json.loads(child.line_of(event, longest=10_000)))

    assert isinstance(loaded, SubjectSeen) and loaded.complete
    blind = loaded.observations.blindness(Page)
    assert blind is not None and blind.reason is Reason.TOO_LARGE
    assert loaded.observations.find(TlsHandshakes) is not None


def test_what_cannot_be_made_shorter_is_told_as_it_is() -> None:
    event = SubjectSeen(observations=building.seen(building.page()))

    assert json.loads(child.line_of(event, longest=10))["observations"]["blind"]["Page"]["reason"] == "too-large"
