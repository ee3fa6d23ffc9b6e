"""Long texts of a target are read beside the loop: one that is slow to read holds up nobody else."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

SHORT = 50_000  # characters that are read in less time than a thread takes to start


async def aside(text: str, read: Callable[[], Value]) -> Value:
    """What `read` makes of the text."""
    return read() if len(text) <= SHORT else await asyncio.to_thread(read)
