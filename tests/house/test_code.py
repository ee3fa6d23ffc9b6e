"""What may stand in which room: the rules of the house that no linter knows."""

import ast
import re
from pathlib import Path

import pytest

from tests.house import tree

# The doors of DECISIONS: everything that opens or accepts a connection, and why it may.
DOORS = {
    "scanners/probes/network.py": "the one door to a vendor",
    "scanners/probes/fetching.py": "HTTP whose every connection is handed to it by that door",
    "scanners/probes/lines.py": "the same: the connections to one host",
    "scanners/probes/http2.py": "the same: one connection for many requests",
    "scanners/probes/inquiries.py": "HTTP to registries and the makers of data sets, each within its own allow-list",
    "portal/mailer.py": "mail to the relay the operator chose",
    "portal/postbox.py": "the mailbox that mails come back to, if the operator has set one",
    "portal/files/screening.py": "the virus scanner the operator chose, in their own network",
    "portal/jobs/scanner.py": "a pair of sockets between the worker and what it started; connects to nobody",
    "scanners/starting.py": "the other end of that pair, inherited; connects to nobody",
    "portal/serving.py": "listens for the web server; connects to nobody",
    "portal/demonstration": "servers on loopback that the demonstration scans",
}
# Where finished SVG of reports.charts, which escapes every text it sets, is handed to a template.
DRAWINGS = {"portal/web/marks.py", "reports/rendering.py"}
CONNECTING = {
    *("httpx", "httpcore", "requests", "urllib.request", "http.client", "smtplib", "ftplib", "telnetlib", "imaplib"),
    *("dns.query", "dns.asyncquery", "dns.resolver", "dns.asyncresolver", "aiosmtpd", "socketserver", "http.server"),
}
CONNECTING_CALLS = (
    *(
        "socket.socket",
        "socket.create_connection",
        "socket.create_server",
        "socket.getaddrinfo",
        "socket.gethostbyname",
    ),
    *("asyncio.open_connection", "asyncio.start_server", "asyncio.open_unix_connection"),
    *("asyncio.get_running_loop().create_connection", "asyncio.get_running_loop().create_datagram_endpoint"),
    *("asyncio.get_running_loop().getaddrinfo", "asyncio.get_event_loop().create_connection"),
)
EMPTY_WORDS = re.compile(r"(^|_)(utils?|helpers?|managers?|misc|common|stuff|base_\w+)($|_)")


def test_every_module_says_what_it_is_for():
    silent = [tree.where(path) for path in tree.python_files() if not ast.get_docstring(tree.parsed(path))]

    # A migration's docstring is written by Alembic from its message.
    assert [name for name in silent if "/versions/" not in name] == []


def test_package_files_hold_a_docstring_and_nothing_else():
    """A re-export hides in which room a thing lives, and makes import circles."""
    full = [
        tree.where(path)
        for path in tree.python_files()
        if path.name == "__init__.py"
        and len(tree.parsed(path).body) > 1
        and tree.where(path) != "portal/db/models/__init__.py"  # importing it makes every table known
    ]

    assert full == []


def test_no_module_is_named_after_nothing():
    """A room called `utils` is where things go whose room nobody thought about."""
    assert [tree.where(path) for path in tree.python_files() if EMPTY_WORDS.search(path.stem)] == []


def test_only_the_settings_read_the_environment():
    reading = {
        tree.where(path)
        for path in tree.python_files()
        if tree.uses(path, "os.environ", "os.environb", "os.getenv", "os.putenv")
    }

    # The scan's process reads nothing: it throws its environment away.
    assert reading - {"scanners/child.py"} == {"portal/settings.py"}


def test_only_the_named_doors_open_connections():
    """A scan's budget, its vetted addresses and the promise that nothing else leaves hang on this."""
    found = {}
    for path in tree.python_files():
        name = tree.where(path)
        if any(name == door or name.startswith(f"{door.removesuffix('.py')}/") for door in DOORS):
            continue
        taken = {word for word in tree.imports(path) if word in CONNECTING or word.split(".")[0] in CONNECTING}
        if taken or tree.uses(path, *CONNECTING_CALLS):
            found[name] = sorted(taken) or "a socket"

    assert found == {}


def test_every_door_exists():
    assert [name for name in DOORS if not ((tree.ROOT / name).exists() or (tree.ROOT / f"{name}.py").exists())] == []


def test_raw_sql_stands_in_the_database_room_alone():
    """Raw statements pass by the scope that keeps one hospital's rows from another."""
    found = {
        tree.where(path)
        for path in tree.python_files()
        if not tree.where(path).startswith("portal/db/")
        and (
            {"sqlalchemy.text", "sqlalchemy.sql.text"} & tree.imports(path)
            or "exec_driver_sql" in path.read_text(encoding="utf-8")
        )
    }

    assert found == set()


def test_what_a_vendor_sent_is_matched_in_linear_time():
    """Python's `re` backtracks: a hostile page could hold a scan for hours. RE2 cannot."""
    rooms = ("scanners/checks", "scanners/parsing", "scanners/probes")

    assert [tree.where(path) for path in tree.python_files(*rooms) if "re" in tree.imports(path)] == []


def test_services_neither_commit_nor_look_at_the_clock():
    """One transaction per request or job, opened at the edge; the time is an argument."""
    found = []
    for path in tree.python_files("portal/services"):
        found += [
            f"{tree.where(path)}:{node.lineno} {node.attr}"
            for node in ast.walk(tree.parsed(path))
            if isinstance(node, ast.Attribute) and node.attr in {"commit", "rollback", "utcnow", "today"}
        ]
        found += [f"{tree.where(path)}:{line} clock" for line in tree.uses(path, "datetime.now", "time.time")]

    assert found == []


@pytest.mark.parametrize("folder", ["portal", "reports"])
def test_no_text_is_declared_safe(folder: str):
    """Escaping is not ours to switch off, in code or in a template."""
    pattern = re.compile(
        r"\|\s*safe\b|\bMarkup\b|autoescape\s+false|autoescape=False|\.innerHTML|outerHTML\s*=|insertAdjacentHTML"
    )
    found = [
        f"{tree.where(path)}:{number}"
        for path in tree.files(folder)
        if path.suffix in {".py", ".html", ".js", ".j2", ".svg", ".txt"} and tree.where(path) not in DRAWINGS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]

    assert found == []


def test_pages_have_no_inline_style_or_script():
    """The content security policy forbids both; the browser would drop them silently."""
    pattern = re.compile(r"\sstyle\s*=|<style|<script(?![^>]*\ssrc=)|\son[a-z]+\s*=\s*[\"']|javascript:", re.IGNORECASE)
    found = [
        f"{tree.where(path)}:{number}"
        for path in _pages()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]

    assert found == []


def test_pages_load_nothing_from_elsewhere():
    pattern = re.compile(
        r"(src|srcset|poster)\s*=\s*[\"'](https?:)?//|<link[^>]*href\s*=\s*[\"'](https?:)?//|@import|url\(\s*[\"']?(https?:)?//"
    )
    ours = [*_pages(), *(path for path in tree.files("portal/web/static") if path.suffix in {".css", ".js"})]

    assert [tree.where(path) for path in ours if pattern.search(path.read_text(encoding="utf-8"))] == []


def _pages() -> list[Path]:
    return [path for path in tree.files("portal/web") if path.suffix == ".html"]


def test_what_a_linter_lets_pass_says_why():
    bare = re.compile(r"# noqa(?!: [A-Z0-9, ]+ - \S)")
    told = [
        f"{tree.where(path)}:{number}"
        for path in tree.python_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if bare.search(line)
    ]

    assert told == []
