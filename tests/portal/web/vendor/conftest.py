"""What the tests of the company's pages stand on: the clock of today, and eyes that hold no lock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from sqlalchemy import Engine


@pytest.fixture
def now() -> datetime:
    """Take the application's own clock: its pages ask it."""
    return datetime.now(UTC)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """Look at rows beside the running application: each look stands alone, so that no lock is held between two."""
    with Session(engine.execution_options(sqlite_begin="SELECT 1"), expire_on_commit=True) as session:
        yield session
