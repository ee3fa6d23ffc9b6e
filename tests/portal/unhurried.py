"""What the product gives up by the clock, tests give five times as long: they share their processors with other tests.

Nothing waits for these limits to pass; what must end sooner ends by the processor's time.
"""

import functools

from portal.jobs import components, printing, reading, viewing


@functools.cache  # two rooms of tests ask for it, and one process may read both
def stretch_clocks() -> None:
    """Five times as long for every document that a process of its own makes or reads."""
    for room in (components, printing, reading, viewing):
        room.LONGEST *= 5
