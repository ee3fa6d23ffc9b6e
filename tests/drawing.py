"""How many cases a property draws: many where each passing draws others, fewer where all passings draw the same."""

from __future__ import annotations

import hypothesis

AT_THE_GATE = 0.4


def cases(number: int) -> int:
    """So many, where a case costs more than most; at the gate, which draws the same ones every time, two fifths."""
    is_gate = hypothesis.settings.get_current_profile_name() == "gate"
    return max(5, round(number * AT_THE_GATE)) if is_gate else number
