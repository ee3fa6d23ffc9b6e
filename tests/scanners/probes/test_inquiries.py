"""Answers kept from scan to scan, and pauses after failures."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scanners.observations import Reason
from scanners.probes.inquiries import Answer, Kept
from scanners.probes.network import Unseen

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Registry:
    """Counts how often it is asked; answers with the status it is set to."""

    def __init__(self) -> None:
        self.asked = 0
        self.status = 200
        self.body = b"[]"

    def at(
        self,
        folder: Path,
        when: datetime,
        *,
        fresh: timedelta = DAY,
        stale: timedelta = timedelta(0),
        key: str = "key",
        place: str = "",
    ) -> Answer:
        """One scan of that time asks."""

        async def inquire() -> Answer:
            self.asked += 1
            return Answer(status=self.status, body=self.body, host="x.test", asked_at=when)

        def read(answer: Answer) -> None:
            if answer.body == b"garbage":
                raise Unseen(Reason.GARBLED)

        kept = Kept(str(folder), at=when)
        return asyncio.run(kept.ask(key, inquire, read=read, fresh=fresh, stale=stale, place=place))


@pytest.fixture
def registry() -> Registry:
    return Registry()


def refused(call: Callable[[], Answer]) -> Reason:
    with pytest.raises(Unseen) as found:
        call()
    return found.value.reason


def test_a_fresh_answer_is_not_asked_for_again(registry: Registry, tmp_path: Path):
    first = registry.at(tmp_path, AT)

    assert registry.at(tmp_path, AT + 23 * HOUR) == first
    assert registry.asked == 1
    assert registry.at(tmp_path, AT + 25 * HOUR).asked_at == AT + 25 * HOUR


def test_without_a_folder_nothing_is_kept(registry: Registry):
    for _time in range(2):
        asyncio.run(Kept("", at=AT).ask("key", lambda: _answer(registry), read=lambda answer: answer, fresh=DAY))

    assert registry.asked == 2


async def _answer(registry: Registry) -> Answer:
    registry.asked += 1
    return Answer(status=200, body=b"", host="x.test", asked_at=AT)


@pytest.mark.parametrize(
    ("status", "reason"), [(429, Reason.THROTTLED), (503, Reason.THROTTLED), (502, Reason.UNREACHABLE)]
)
def test_a_failure_makes_a_pause_that_grows(registry: Registry, tmp_path: Path, status: int, reason: Reason):
    """F17: back-off, so that a registry in need is not asked by every scan of the day."""
    registry.status = status
    assert refused(lambda: registry.at(tmp_path, AT)) is reason
    assert refused(lambda: registry.at(tmp_path, AT + timedelta(minutes=14))) is Reason.THROTTLED
    assert registry.asked == 1
    assert refused(lambda: registry.at(tmp_path, AT + timedelta(minutes=16))) is reason
    assert refused(lambda: registry.at(tmp_path, AT + timedelta(minutes=45))) is Reason.THROTTLED
    assert registry.asked == 2


def test_garbage_is_a_failure_and_is_not_kept(registry: Registry, tmp_path: Path):
    registry.body = b"garbage"

    assert refused(lambda: registry.at(tmp_path, AT)) is Reason.GARBLED
    registry.body = b"[]"
    assert registry.at(tmp_path, AT + HOUR).body == b"[]"


def test_an_answer_of_last_week_stands_in_while_the_registry_is_down(registry: Registry, tmp_path: Path):
    good = registry.at(tmp_path, AT)
    registry.status = 502

    assert registry.at(tmp_path, AT + 2 * DAY, stale=7 * DAY) == good
    assert registry.at(tmp_path, AT + 2 * DAY + HOUR / 10, stale=7 * DAY) == good
    assert refused(lambda: registry.at(tmp_path, AT + 8 * DAY, stale=7 * DAY)) is Reason.UNREACHABLE


def test_that_a_thing_does_not_exist_is_kept_too(registry: Registry, tmp_path: Path):
    registry.status = 404

    assert registry.at(tmp_path, AT).status == 404
    assert registry.at(tmp_path, AT + HOUR).status == 404
    assert registry.asked == 1


def test_what_was_kept_under_a_wrong_clock_is_not_believed(registry: Registry, tmp_path: Path):
    registry.at(tmp_path, AT + 400 * DAY)

    assert registry.at(tmp_path, AT).asked_at == AT


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[]\nx", b'{"key": "other"}\n', b"null\n"])
def test_a_kept_file_that_is_broken_is_as_if_it_were_not_there(registry: Registry, tmp_path: Path, content: bytes):
    registry.at(tmp_path, AT)
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)

    assert registry.at(tmp_path, AT + HOUR).asked_at == AT + HOUR


def test_a_folder_that_cannot_be_written_hinders_nobody(registry: Registry, tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("")

    assert registry.at(blocked, AT).status == 200


def test_a_registry_without_time_is_left_alone_by_all_scans(registry: Registry, tmp_path: Path):
    """F17: when the search is down, each new domain would wait for its timeout, one scan after another."""
    registry.status = 502
    refused(lambda: registry.at(tmp_path, AT, key="one", place="ct.test"))

    assert refused(lambda: registry.at(tmp_path, AT, key="two", place="ct.test")) is Reason.THROTTLED
    assert refused(lambda: registry.at(tmp_path, AT, key="two", place="other.test")) is Reason.UNREACHABLE
    assert registry.asked == 2

    registry.status = 200
    registry.at(tmp_path, AT + timedelta(minutes=3), key="three", place="ct.test")
    registry.at(tmp_path, AT + timedelta(minutes=3), key="four", place="ct.test")
    assert registry.asked == 4


def test_one_odd_answer_is_no_reason_to_leave_a_registry_alone(registry: Registry, tmp_path: Path):
    registry.body = b"garbage"
    refused(lambda: registry.at(tmp_path, AT, key="one", place="ct.test"))
    registry.body = b"[]"

    assert registry.at(tmp_path, AT, key="two", place="ct.test").status == 200


def test_what_nobody_will_ask_for_any_more_is_taken_away(registry: Registry, tmp_path: Path):
    registry.body = b"x" * 10_000
    for day in range(10):
        registry.at(tmp_path, AT + day * DAY, key=f"crl {day}", fresh=HOUR)

    assert len(list(tmp_path.iterdir())) <= 3
    assert registry.at(tmp_path, AT + 9 * DAY + HOUR / 2, key="crl 9", fresh=HOUR).asked_at == AT + 9 * DAY
