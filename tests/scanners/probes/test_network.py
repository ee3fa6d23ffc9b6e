import asyncio
import contextlib

from hypothesis import given
from hypothesis import strategies as st

from scanners.probes.network import Places


def test_who_is_in_a_hurry_goes_before_who_is_patient() -> None:
    async def scan() -> list[str]:
        places, order = Places(1), list[str]()

        async def visit(name: str, *, patient: bool) -> None:
            await places.acquire(patient=patient)
            order.append(name)
            await asyncio.sleep(0)
            places.release()

        async with asyncio.TaskGroup() as group:
            for number in range(3):
                group.create_task(visit(f"patient {number}", patient=True))
            group.create_task(visit("hurried", patient=False))
        return order

    assert asyncio.run(scan()) == ["patient 0", "hurried", "patient 1", "patient 2"]


@given(
    visits=st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.booleans()), max_size=30), count=st.integers(1, 4)
)
def test_never_more_than_there_are_and_none_is_lost(visits: list[tuple[bool, int, bool]], count: int) -> None:
    async def scan() -> tuple[int, bool]:
        places = Places(count)
        inside = most = 0

        async def visit(turns: int, *, patient: bool) -> None:
            nonlocal inside, most
            await places.acquire(patient=patient)
            inside += 1
            most = max(most, inside)
            try:
                for _turn in range(turns):
                    await asyncio.sleep(0)
            finally:
                inside -= 1
                places.release()

        tasks = [asyncio.create_task(visit(turns, patient=patient)) for patient, turns, _leaves in visits]
        await asyncio.sleep(0)
        for task, (_patient, _turns, leaves) in zip(tasks, visits, strict=True):
            if leaves:
                task.cancel()
                await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)
        for _place in range(count):
            await places.acquire()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0):
                await places.acquire()
                return most, False
        return most, True

    most, is_full = asyncio.run(scan())

    assert most <= count
    assert is_full
