"""The lines that the scanning process writes."""

import asyncio
import json

from scanners import child, storing
from scanners.jobs import Knock, Progress, SubjectSeen
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


def test_a_knock_waits_for_its_answer() -> None:
    async def knocks() -> tuple[list[bool], list[object]]:
        told: list[object] = []
        gate = child._Gate(told.append)
        waiting = [
            asyncio.create_task(gate.knock(Knock(host="a.example", address="192.0.2.1", active=active)))
            for active in (False, True)
        ]
        await asyncio.sleep(0)
        for line in ("nonsense\n", "pass\n", "pass ordinary 192.0.2.9\n", "shrug ordinary 192.0.2.1\n"):
            gate.hear(line)
        assert not any(task.done() for task in waiting)
        gate.hear("pass ordinary 192.0.2.1\n")
        gate.hear("refuse active 192.0.2.1\n")
        gate.hear("pass active 192.0.2.1\n")
        return await asyncio.gather(*waiting), told

    answers, told = asyncio.run(knocks())

    assert answers == [True, False]
    assert told == [Knock(host="a.example", address="192.0.2.1", active=active) for active in (False, True)]
