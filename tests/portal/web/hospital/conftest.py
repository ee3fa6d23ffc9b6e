"""One filled hospital for the whole session; every test walks through a copy of it."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from portal.db import session as database
from tests.portal.web.hospital import ward as wards
from tests.portal.web.hospital.ward import Ward


@pytest.fixture(scope="session")
def filled(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ward, Ward]:
    """The hospital, and another one that must stay apart from it."""
    path = tmp_path_factory.mktemp("ward") / "filled.sqlite"
    shutil.copy(migrated, path)
    engine = database.engine(f"sqlite:///{path}")
    now = datetime.now(UTC)
    with database.sessions(engine)() as session:
        ours = wards.full(session, now)
        theirs = wards.one(session, now, name="Fremd Systeme GmbH")
        session.commit()
    engine.dispose()
    return path, ours, theirs


@pytest.fixture
def engine(filled: tuple[Path, Ward, Ward], tmp_path: Path) -> Iterator[Engine]:
    path = tmp_path / "kettenblick.sqlite"
    shutil.copy(filled[0], path)
    engine = database.engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture
def ward(filled: tuple[Path, Ward, Ward]) -> Ward:
    return copy.deepcopy(filled[1])  # tests write into it what they add


@pytest.fixture
def neighbour(filled: tuple[Path, Ward, Ward]) -> Ward:
    return copy.deepcopy(filled[2])
