"""A real application on a real database, and visitors with a real sign-in; in a browser, the same over loopback."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from portal.app import create_app, floor_of
from portal.db.models.accounts import SessionStage, SignIn
from portal.settings import MailSettings, ScanSettings, Settings
from portal.web import journey

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from portal.db.session import Sessions
    from portal.services.actors import Actor

ADDRESS = "http://127.0.0.1:8080"
SECRET = "c" * 64


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Somebody with a browser: a test client that keeps cookies and sends form tokens."""

    client: FlaskClient

    def get(self, path: str, **more):
        return self.client.get(path, base_url=ADDRESS, **more)

    def post(self, path: str, data: dict | None = None, *, token: str | None = None, **more):
        fields = {"csrf_token": self.token() if token is None else token, **(data or {})}
        return self.client.post(path, base_url=ADDRESS, data=fields, **more)

    def token(self) -> str:
        """The token that stands on a page."""
        text = self.client.get("/about", base_url=ADDRESS).get_data(as_text=True)
        return text.partition('name="csrf-token" content="')[2].partition('"')[0]


def make_settings(database_url: str, folder: Path, address: str = ADDRESS) -> Settings:
    return Settings(
        data_dir=folder,
        database_url=database_url,
        queue_url=f"sqlite:///{folder / 'queue.sqlite'}",
        secret_key="s" * 43,
        instance_key="i" * 43,
        public_base_url=address,
        bind_host="127.0.0.1",
        bind_port=0,
        threads=4,
        mail=MailSettings(),
        scan=ScanSettings(),
        operator_contact="it@klinik.example",
    )


@pytest.fixture
def settings(engine: Engine, tmp_path: Path) -> Settings:
    return make_settings(str(engine.url), tmp_path)


@pytest.fixture(scope="session")
def building(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application that all tests share: its routes are added and its templates compiled once."""
    folder = tmp_path_factory.mktemp("application")
    return create_app(make_settings(f"sqlite:///{folder / 'nothing.sqlite'}", folder))


@pytest.fixture
def app(building: Flask, settings: Settings) -> Iterator[Flask]:
    """The same application upon the database of one test."""
    floor = building.extensions[journey.EXTENSION] = floor_of(settings)
    yield building
    for sessions in (floor.writing, floor.reading):
        sessions.kw["bind"].dispose()


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Nobody in particular."""
    return Visitor(client=app.test_client())


def sign_in(sessions: Sessions, actor: Actor, stage: SessionStage = SessionStage.FULL) -> str:
    """A session for an actor in their place, as if they had just signed in."""
    token = f"token-of-{actor.person_id}-{stage}"
    place = f"hospital:{actor.hospital_id}" if actor.hospital_id else ""
    place = f"company:{actor.company_id}" if actor.company_id else place
    now = datetime.now(UTC)
    with sessions() as session, session.begin():
        session.merge(
            SignIn(
                token_hash=hashlib.sha256(token.encode()).hexdigest(),
                person_id=actor.person_id,
                stage=stage,
                csrf_secret=SECRET,
                created_at=now,
                last_seen_at=now,
                confirmed_at=now,
                place=place,
            )
        )
    return token


@pytest.fixture
def visit(app: Flask, sessions: Sessions) -> Callable[..., Visitor]:
    """Make a visitor who is signed in as an actor."""

    def enter(actor: Actor, stage: SessionStage = SessionStage.FULL) -> Visitor:
        client = app.test_client()
        client.set_cookie("kettenblick-session", sign_in(sessions, actor, stage), domain="127.0.0.1")
        return Visitor(client=client)

    return enter


@pytest.fixture
def served(engine: Engine, tmp_path: Path, free_port: int) -> Iterator[Callable[[Callable[[Flask], None]], str]]:
    """Serve an application on loopback, with what a test adds to it; gives its address."""
    servers = []

    def serve(add: Callable[[Flask], None] = lambda app: None) -> str:
        address = f"http://127.0.0.1:{free_port}"
        app = create_app(make_settings(str(engine.url), tmp_path, address))
        add(app)
        server = make_server("127.0.0.1", free_port, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        servers.append((server, thread))
        return address

    yield serve
    for server, thread in servers:
        server.shutdown()
        thread.join(timeout=5)
        server.server_close()
