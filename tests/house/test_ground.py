"""The ground the tests stand on: what the fixtures promise, held by tests of their own."""

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest
from pytest_socket import SocketBlockedError, SocketConnectBlockedError
from sqlalchemy import create_engine, text

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.conftest import PostgresServer


def test_a_test_without_a_marker_opens_no_socket():
    with pytest.raises(SocketBlockedError):
        socket.socket()

    asyncio.run(asyncio.sleep(0))


@pytest.mark.loopback
def test_a_loopback_test_reaches_this_machine_and_no_other():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass

    with pytest.raises(SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 80), timeout=0.1)


@pytest.mark.postgres
def test_each_test_gets_an_empty_database_of_its_own(postgres: "PostgresServer", postgres_url: str):
    postgres.make_template("seeded", lambda url: _execute(url, "CREATE TABLE thing (id int)"))

    copy = postgres.create(template="seeded")

    assert _execute(copy, "SELECT count(*) FROM thing") == 0
    assert _execute(postgres_url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    postgres.drop(copy)


@pytest.mark.browser
def test_the_browser_draws_a_page_and_runs_axe(page: "Page", axe: str):
    page.set_content("<!doctype html><html lang=de><title>Prüfung</title><main><h1>Ein Haus</h1></main>")
    page.evaluate(axe)

    result = page.evaluate("axe.run()")

    assert result["violations"] == []


def _execute(url: str, statement: str) -> object:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            return result.scalar() if result.returns_rows else None
    finally:
        engine.dispose()
