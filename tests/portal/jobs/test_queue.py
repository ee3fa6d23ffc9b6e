"""The bell: ids go through, in any of its storages, and nothing else is ever unpacked."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.jobs import queue
from portal.jobs.queue import BadBell


@pytest.mark.parametrize("kind", ["memory:", "sqlite"])
def test_a_ring_is_heard_by_one(tmp_path: Path, kind: str):
    url = kind if kind == "memory:" else f"sqlite:///{tmp_path / 'sub' / 'queue.sqlite'}"
    bell = queue.connect(url)
    bell.ring("a1")
    bell.ring("b2")

    heard = [bell.answer(seconds=0.1) for _ in range(3)]

    bell.close()
    assert heard == ["a1", "b2", None]


def test_two_processes_hear_each_other_through_the_file(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'queue.sqlite'}"
    web, worker = queue.connect(url), queue.connect(url)
    web.ring("a1")

    assert worker.answer(seconds=1) == "a1"
    web.close()
    worker.close()


@pytest.mark.postgres
def test_a_ring_is_heard_on_postgresql(postgres_url: str):
    bell = queue.connect(postgres_url)
    bell.ring("a1")

    heard = [bell.answer(seconds=0.1) for _ in range(2)]

    bell.close()
    assert heard == ["a1", None]


def test_what_cannot_ring_is_refused():
    with pytest.raises(BadBell):
        queue.connect("mysql://localhost/queue")
