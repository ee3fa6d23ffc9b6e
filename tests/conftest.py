"""What every test stands on: closed sockets, and the real servers and programs that some tests name by a marker."""

from __future__ import annotations

import dataclasses
import gc
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from portal import i18n

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LOOPBACK = ["127.0.0.0/8", "::1"]
OPEN_TO_LOOPBACK = ("loopback", "browser", "postgres", "kill")
AXE = Path(__file__).parent / ".cache" / "axe.min.js"
PATIENCE = 60_000  # milliseconds of a browser; two processors may be busy with others

# Shared cores make single examples slow now and then; a slow machine is no bug of ours.
hypothesis.settings.register_profile("house", deadline=None, print_blob=True)
hypothesis.settings.register_profile("gate", deadline=None, print_blob=True, derandomize=True)
hypothesis.settings.load_profile("house")


# ---- which tests run, and which are skipped with a reason


def pytest_configure(config: pytest.Config) -> None:
    """Close the sockets of every test that does not say by a marker that it needs them."""
    config.option.disable_socket = True
    config.option.allow_unix_socket = True


@pytest.hookimpl(trylast=True)  # after pytest-randomly has shuffled
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Open loopback to the tests that name it, skip what this machine cannot run, and put the browser's tests last."""
    missing = {marker: reason for marker, look in NEEDS.items() if (reason := look())}
    for item in items:
        if "tests/loopback/" in item.path.as_posix():
            item.add_marker("loopback")
        if any(item.get_closest_marker(name) for name in OPEN_TO_LOOPBACK):
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))
        for marker, reason in missing.items():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))
    # Playwright keeps an event loop running in this thread once it has started; asyncio.run refuses to work after it.
    # Journeys are the longest: begun last, one of them would hold up the end alone. So would a long file of pages.
    looks = Counter(item.path for item in items if item.get_closest_marker("browser"))
    items.sort(
        key=lambda item: (
            item.get_closest_marker("browser") is not None,
            "tests/journeys/" not in item.path.as_posix(),
            -looks[item.path] if item.get_closest_marker("browser") and "/journeys/" not in item.path.as_posix() else 0,
        )
    )


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what stays to the end: all modules and tests, millions of objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def _browser_missing() -> str:
    return "" if chromium_path() else "Chromium is not installed: apt-get install chromium"


def _postgres_missing() -> str:
    if not postgres_programs():
        return "PostgreSQL is not installed: apt-get install postgresql"
    if os.geteuid() == 0 and _server_account() is None:
        return "PostgreSQL refuses to run as root, and there is no account postgres or nobody to run it as"
    return ""


def _office_missing() -> str:
    office = Path(shutil.which("soffice") or "").resolve().parent
    missing = [
        package
        for package, is_there in {
            "libreoffice-calc": (office / "libsclo.so").exists(),
            "libreoffice-writer": (office / "libswlo.so").exists(),
            "poppler-utils": bool(shutil.which("pdftotext")),
        }.items()
        if not is_there
    ]
    return f"not installed: apt-get install {' '.join(missing)}" if missing else ""


NEEDS: dict[str, Callable[[], str]] = {
    "browser": _browser_missing,
    "postgres": _postgres_missing,
    "office": _office_missing,
}


@pytest.fixture(autouse=True)
def _nobodys_language() -> Iterator[None]:
    """Begin each test in the language nobody has chosen, and find the one that leaves another to its neighbours."""
    i18n.speak(i18n.DEFAULT)
    yield
    left = i18n.language()
    i18n.speak(i18n.DEFAULT)
    assert left == i18n.DEFAULT, f"this test left its process speaking {left!r}"


# ---- a PostgreSQL server of our own


def postgres_programs() -> Path | None:
    """Find the newest server's programs: Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _server_account() -> str | None:
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    return None


@dataclasses.dataclass(frozen=True, kw_only=True)
class PostgresServer:
    """A server that listens on a Unix socket only, so no two of them ever clash over a port."""

    programs: Path
    folder: Path
    numbers: Iterator[int] = dataclasses.field(default_factory=lambda: itertools.count(1))

    def url(self, database: str) -> str:
        """Give the address of a database as SQLAlchemy writes it."""
        return f"postgresql+psycopg://kettenblick@/{database}?host={self.folder}"

    def create(self, *, template: str = "template0") -> str:
        """Make a new database, a copy of the template, and give its address."""
        name = f"test_{next(self.numbers)}"
        self._say(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def make_template(self, name: str, fill: Callable[[str], None]) -> str:
        """Make and fill a database once; `create(template=name)` copies it in milliseconds."""
        self._say(f'CREATE DATABASE "{name}" TEMPLATE template0')
        fill(self.url(name))
        return name

    def drop(self, url: str) -> None:
        """Throw a database away, whoever is still connected."""
        name = url.split("@/", 1)[1].split("?", 1)[0]
        self._say(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _say(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(
            host=str(self.folder), user="kettenblick", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Start one server for the session, without fsync; as root it runs under an account that may."""
    programs = postgres_programs()
    assert programs is not None, "the marker postgres is missing on this test"
    folder = Path(tempfile.mkdtemp(prefix="kettenblick-pg-", dir="/tmp"))  # short: a socket's path holds 107 bytes
    as_server: list[str] = []
    if os.geteuid() == 0:
        account = pwd.getpwnam(_server_account() or "")
        os.chown(folder, account.pw_uid, account.pw_gid)
        folder.chmod(0o755)
        as_server = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", "--"]
    data = folder / "data"
    control = [*as_server, str(programs / "pg_ctl"), "-D", str(data)]
    quick = " ".join(
        f"-c {setting}"
        for setting in (
            *("listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off"),
            *("max_connections=200", f"unix_socket_directories={folder}"),
        )
    )
    _run(
        *as_server,
        str(programs / "initdb"),
        *("-U", "kettenblick", "-A", "trust", "-E", "UTF8"),
        "--locale=C",
        str(data),
    )
    _run(*control, "-w", "-l", str(folder / "log"), "-o", quick, "start")
    try:
        yield PostgresServer(programs=programs, folder=folder)
    finally:
        _run(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL)


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """Give one test an empty database of its own."""
    url = postgres.create()
    yield url
    postgres.drop(url)


@pytest.fixture(scope="session")
def _migrated_on_postgres(postgres: PostgresServer) -> str:
    from portal.db import migrating
    from portal.db import session as database

    def fill(url: str) -> None:
        engine = database.engine(url)
        migrating.upgrade(engine)
        engine.dispose()  # nobody may be connected to what is copied

    return postgres.make_template("migrated", fill)


@pytest.fixture
def migrated_postgres_url(postgres: PostgresServer, _migrated_on_postgres: str) -> Iterator[str]:
    """Give one test a database of its own whose tables are made."""
    url = postgres.create(template=_migrated_on_postgres)
    yield url
    postgres.drop(url)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate one SQLite file; every test gets a copy."""
    from portal.db import migrating
    from portal.db import session as database

    path = tmp_path_factory.mktemp("template") / "migrated.sqlite"
    engine = database.engine(f"sqlite:///{path}")
    migrating.upgrade(engine)
    engine.dispose()
    return path


# ---- a browser


def chromium_path() -> str | None:
    """Find the distribution's browser; the tests download none."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start one Chromium for the session; it looks nothing up and phones nobody.

    Playwright occupies this thread's event loop from here on: a browser test runs coroutines in a thread or a process.
    """
    from playwright.sync_api import sync_playwright

    flags = [
        "--no-sandbox",  # root and some kernels cannot have it; the browser sees our own pages only
        *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
        *("--disable-background-networking", "--disable-component-update"),
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=flags)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """Open a German page whose console errors, script errors and requests to other machines fail the test."""
    context = chromium.new_context(locale="de-DE", timezone_id="Europe/Berlin")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))
    page.on(
        "console",
        lambda message: (
            complaints.append(f"console: {message.text}")
            if message.type == "error" and "Failed to load resource" not in message.text
            else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            complaints.append(f"left this machine: {request.url}")
            if not request.url.startswith(("http://127.0.0.1", "http://localhost", "data:", "blob:", "about:"))
            else None
        ),
    )
    yield page
    context.close()
    assert not complaints, "\n".join(complaints)


RULES = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}  # in the dark nothing differs but colours


@pytest.fixture(scope="session")
def axe() -> str:
    """Give the source of axe-core, which a page runs upon itself."""
    assert AXE.is_file(), "axe-core is missing: python frontend/build.py --tests"
    return AXE.read_text(encoding="utf-8")


# ---- small things


@pytest.fixture
def free_port() -> int:
    """Give a port nobody listens on; prefer binding port 0 where the server can."""
    with socket.socket() as probe:
        probe.bind(("", 0))  # free on every address of loopback, not on the first alone
        return int(probe.getsockname()[1])
