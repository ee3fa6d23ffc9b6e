"""What an installation stands on, looked at piece by piece: each with a plain sentence and the one line to type."""

import asyncio
import ctypes
import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from portal import network
from portal.db import migrating, session
from portal.files import screening
from portal.settings import Settings, is_loopback
from scanners import walls
from scanners.data import sets
from scanners.model import N_, Message
from scanners.observations import Vantage
from scanners.probes import vantage
from scanners.probes.fetching import Fetcher
from scanners.probes.network import Door
from scanners.probes.visit import Visit

HERE = Path(__file__).resolve().parent
OLDEST_PYTHON = (3, 11)
PANGO_LIBRARIES = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0")
PANGO_PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
PAGE_PROGRAMS = ("pdftoppm", "pdfinfo")  # of poppler
FRONTEND_FILES = ("kern/kern.min.css", "kern/fonts/fira-sans.css", "htmx/htmx.min.js", "htmx/hx-csp.min.js")
FULL_AT, TIGHT_AT = 500 * 2**20, 5 * 2**30  # bytes left on the disk
LISTS_ARE_OLD = timedelta(days=sets.MAX_AGE_DAYS)
CLOCK_IS_NOT_SYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)


class State(StrEnum):
    """How a piece stands."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Note:
    """What was found about one piece, and the line that mends it."""

    piece: str
    state: State
    message: Message
    remedy: str = ""


Look = Callable[[Settings, datetime], Iterable[Note]]


def examine(settings: Settings, *, now: datetime) -> tuple[Note, ...]:
    """Look at everything; nothing is changed."""
    return tuple(note for look in LOOKS for note in look(settings, now))


def _python(_settings: Settings, _now: datetime) -> Iterator[Note]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        message = Message(text=N_("Python %(version)s is too old; 3.11 is needed."), values={"version": version})
        yield Note(piece="python", state=State.FAIL, message=message, remedy="sudo apt-get install python3.11")
        return
    yield _fine("python", N_("Python %(version)s."), version=version)


def _account(_settings: Settings, _now: datetime) -> Iterator[Note]:
    if os.geteuid() == 0:
        message = Message(text=N_("Kettenblick runs as root; an account of its own limits what a mistake can reach."))
        line = "sudo useradd --system --create-home --home-dir /var/lib/kettenblick kettenblick"
        yield Note(piece="account", state=State.WARN, message=message, remedy=line)
        return
    yield _fine("account", N_("Kettenblick runs under an ordinary account."))


def _pango(_settings: Settings, _now: datetime) -> Iterator[Note]:
    missing = ", ".join(name for name in PANGO_LIBRARIES if not _loads(name))
    if missing:
        message = Message(text=N_("PDF reports are off: %(missing)s is missing."), values={"missing": missing})
        yield Note(piece="pdf", state=State.FAIL, message=message, remedy=f"sudo apt-get install {PANGO_PACKAGES}")
    elif not any(any(folder.rglob("*.[to]tf")) for folder in map(Path, ("/usr/share/fonts", "/usr/local/share/fonts"))):
        message = Message(text=N_("There is no font on this machine; PDF reports would show empty boxes."))
        yield Note(piece="pdf", state=State.WARN, message=message, remedy="sudo apt-get install fonts-dejavu-core")
    else:
        yield _fine("pdf", N_("PDF reports can be set."))


def _pages(_settings: Settings, _now: datetime) -> Iterator[Note]:
    missing = ", ".join(name for name in PAGE_PROGRAMS if shutil.which(name) is None)
    if missing:
        sentence = N_("Documents that are only to be read cannot be shown: %(missing)s is missing.")
        message = Message(text=sentence, values={"missing": missing})
        yield Note(piece="pages", state=State.WARN, message=message, remedy="sudo apt-get install poppler-utils")
        return
    yield _fine("pages", N_("Pages of documents that are only to be read can be drawn (pdftoppm)."))


def _virus_scanner(settings: Settings, _now: datetime) -> Iterator[Note]:
    if not settings.virus_scanner:
        message = Message(text=N_("No virus scanner is set: uploads are checked for their form only."))
        yield Note(piece="viruses", state=State.WARN, message=message, remedy="CLAMD=unix:/run/clamav/clamd.ctl")
    elif not screening.answers(settings.virus_scanner):
        sentence = N_("The virus scanner at %(address)s does not answer; no document is taken until it does.")
        message = Message(text=sentence, values={"address": settings.virus_scanner})
        yield Note(piece="viruses", state=State.FAIL, message=message, remedy="sudo systemctl start clamav-daemon")
    else:
        yield _fine("viruses", N_("The virus scanner at %(address)s answers."), address=settings.virus_scanner)


def _frontend(_settings: Settings, _now: datetime) -> Iterator[Note]:
    missing = [name for name in FRONTEND_FILES if not (HERE / "web" / "static" / "vendor" / name).is_file()]
    if missing:
        message = Message(text=N_("Front-end files are missing: %(missing)s."), values={"missing": ", ".join(missing)})
        yield Note(piece="frontend", state=State.FAIL, message=message, remedy="python frontend/build.py")
        return
    yield _fine("frontend", N_("The front-end files are in place."))


def _database(settings: Settings, _now: datetime) -> Iterator[Note]:
    engine = session.engine(settings.database_url)
    if session.is_sqlite(engine) and not Path(engine.url.database or "").is_file():
        message = Message(text=N_("There is no database yet; the first start makes it."))
        yield Note(piece="database", state=State.WARN, message=message, remedy="./run")
        return
    try:
        state = migrating.is_current(engine)
    except SQLAlchemyError:
        message = Message(text=N_("The database does not answer."))
        yield Note(piece="database", state=State.FAIL, message=message, remedy="DATABASE_URL=postgresql://…")
        return
    finally:
        engine.dispose()
    if not state:
        message = Message(text=N_("The database has not the shape of this version."))
        yield Note(piece="database", state=State.FAIL, message=message, remedy="kettenblick migrate")
    elif not session.is_sqlite(engine):
        yield _fine("database", N_("PostgreSQL answers."))
    elif sqlite3.sqlite_version_info < session.SAFE_WAL:
        sentence = N_(
            "SQLite %(version)s: write-ahead logging of this version can lose a commit, so the safe rollback "
            "journal is used."
        )
        yield _fine("database", sentence, version=sqlite3.sqlite_version)
    else:
        yield _fine("database", N_("SQLite %(version)s with write-ahead logging."), version=sqlite3.sqlite_version)


def _data_directory(settings: Settings, _now: datetime) -> Iterator[Note]:
    path = settings.data_dir
    if not os.access(path, os.W_OK | os.X_OK):
        message = Message(text=N_("%(path)s cannot be written."), values={"path": str(path)})
        yield Note(piece="data", state=State.FAIL, message=message, remedy=f"sudo chown -R $(id -un) '{path}'")
    elif _is_open_to_others(path):
        message = Message(text=N_("%(path)s can be read by other accounts."), values={"path": str(path)})
        yield Note(piece="data", state=State.WARN, message=message, remedy=f"chmod 700 '{path}'")
    else:
        yield _fine("data", N_("%(path)s can be written, and only by this account."), path=str(path))


def _secrets(settings: Settings, _now: datetime) -> Iterator[Note]:
    open_files = [str(path) for path in sorted(settings.data_dir.glob("*.secret")) if _is_open_to_others(path)]
    if open_files:
        message = Message(text=N_("Other accounts can read %(paths)s."), values={"paths": ", ".join(open_files)})
        line = f"chmod 600 '{settings.data_dir}'/*.secret"
        yield Note(piece="secrets", state=State.FAIL, message=message, remedy=line)
        return
    yield _fine("secrets", N_("The secrets are in place and closed to others. Keep a copy apart from the backups."))


def _address(settings: Settings, _now: datetime) -> Iterator[Note]:
    if not settings.is_https:
        sentence = N_("Only this machine can reach %(url)s; others need an https address behind a reverse proxy.")
        message = Message(text=sentence, values={"url": settings.public_base_url})
        line = "PUBLIC_BASE_URL=https://kettenblick.example"
        yield Note(piece="address", state=State.WARN, message=message, remedy=line)
    else:
        yield _fine("address", N_("Readers reach Kettenblick at %(url)s."), url=settings.public_base_url)


def _vantage(settings: Settings, now: datetime) -> Iterator[Note]:
    """Where scans stand: what this place hides or bends, every scan reports as not examined."""
    seen = asyncio.run(_look_around(settings, now))
    if not seen.resolver_answers:
        message = Message(text=N_("The resolver does not answer; scans would see nothing."))
        yield Note(piece="resolver", state=State.FAIL, message=message, remedy="SCAN_RESOLVER=192.0.2.53")
        return
    if not seen.resolver_validates:
        message = Message(text=N_("The resolver does not validate DNSSEC; those checks will say not examined."))
        yield Note(piece="resolver", state=State.WARN, message=message, remedy="sudo apt-get install unbound")
    else:
        yield _fine("resolver", N_("The resolver answers and validates DNSSEC."))
    if seen.rewrites_names:
        message = Message(text=N_("The resolver invents addresses for names that do not exist."))
        yield Note(piece="resolver", state=State.WARN, message=message, remedy="SCAN_RESOLVER=192.0.2.53")
    if not seen.ipv6:
        message = Message(text=N_("This machine has no way to IPv6; what vendors offer there is not examined."))
        yield Note(piece="ipv6", state=State.WARN, message=message, remedy="ip -6 route")
    else:
        yield _fine("ipv6", N_("Scans reach IPv6."))
    yield _about_tls(settings.scan.reference_tls_host, is_intercepted=seen.tls_intercepted)
    yield _about_smtp(settings.scan.reference_smtp_host, is_blocked=seen.smtp_blocked)


def _about_tls(host: str, *, is_intercepted: bool | None) -> Note:
    if not host:
        message = Message(text=N_("Whether a proxy opens TLS on the way is untested: no reference host is set."))
        return Note(piece="proxy", state=State.WARN, message=message, remedy="SCAN_REFERENCE_TLS_HOST=www.example")
    if is_intercepted is False:
        return _fine("proxy", N_("Nobody opens TLS on the way: %(host)s shows its own certificate."), host=host)
    sentence = (
        N_("The reference host %(host)s cannot be reached; whether a proxy opens TLS on the way is untested.")
        if is_intercepted is None
        else N_("A proxy opens TLS on the way: the certificate of %(host)s is not a public one. TLS is not examined.")
    )
    message = Message(text=sentence, values={"host": host})
    line = f"openssl s_client -connect {host}:443 -servername {host}"
    return Note(piece="proxy", state=State.WARN, message=message, remedy=line)


def _about_smtp(host: str, *, is_blocked: bool | None) -> Note:
    if not host:
        message = Message(text=N_("Whether port 25 is open to the outside is untested: no reference host is set."))
        return Note(piece="port 25", state=State.WARN, message=message, remedy="SCAN_REFERENCE_SMTP_HOST=mail.example")
    if is_blocked is False:
        return _fine("port 25", N_("Scans reach port 25 of %(host)s."), host=host)
    sentence = (
        N_("The reference host %(host)s cannot be found; whether port 25 is open to the outside is untested.")
        if is_blocked is None
        else N_("Port 25 of %(host)s cannot be reached from here; the encryption of mail servers is not examined.")
    )
    message = Message(text=sentence, values={"host": host})
    return Note(piece="port 25", state=State.WARN, message=message, remedy=f"nc -vz {host} 25")


async def _look_around(settings: Settings, now: datetime) -> Vantage:
    door = Door(network.of(settings.scan))
    references = vantage.References(
        tls_host=settings.scan.reference_tls_host, smtp_host=settings.scan.reference_smtp_host
    )
    try:
        return await vantage.look(Visit(door=door, fetcher=Fetcher(door), at=now), references=references)
    finally:
        await door.aclose()


def _scans(settings: Settings, _now: datetime) -> Iterator[Note]:
    if settings.scan.allowed_networks and not settings.demonstration:
        networks = ", ".join(settings.scan.allowed_networks)
        message = Message(text=N_("Scans may also reach %(networks)s."), values={"networks": networks})
        yield Note(piece="scans", state=State.WARN, message=message, remedy="unset SCAN_ALLOWED_NETWORKS")
    elif not settings.scan.contact_url:
        message = Message(text=N_("Scans name no page where a vendor can read who is asking."))
        line = "SCAN_CONTACT_URL=https://kettenblick.example/scan"
        yield Note(piece="scans", state=State.WARN, message=message, remedy=line)
    else:
        yield _fine("scans", N_("Scans reach public addresses only and name %(url)s."), url=settings.scan.contact_url)


def _lists(settings: Settings, now: datetime) -> Iterator[Note]:
    """The lists that findings rest on; a broken refresh shows by its days too, for what is shipped counts then."""
    data = sets.current(settings.datasets_dir)
    old = [one for one in sets.sources(data) if one.name in sets.FILES and now - one.fetched_at > LISTS_ARE_OLD]
    if old:
        names = ", ".join(f"{one.name} ({one.day})" for one in old)
        message = Message(
            text=N_("Lists that findings rest on are older than 90 days: %(names)s."), values={"names": names}
        )
        yield Note(piece="lists", state=State.WARN, message=message, remedy="kettenblick data refresh")
    else:
        yield _fine(
            "lists", N_("The lists that findings rest on are fresh: version %(version)s."), version=data.version
        )


def _registries(settings: Settings, _now: datetime) -> Iterator[Note]:
    scan = settings.scan
    asked = {
        "certificate logs": scan.certificate_searches,
        "RDAP": scan.rdap_bootstrap,
        "CRL/OCSP": scan.revocation,
        "look-alikes": scan.look_alikes,
        "abuse lists": scan.reputation_zones,
    }
    names = ", ".join(name for name, is_set in asked.items() if is_set)
    if names:
        yield _fine("registries", N_("Scans also ask: %(names)s."), names=names)
    else:
        yield _fine("registries", N_("No registry is asked; what only they know stays undetermined."))


def _walls(settings: Settings, _now: datetime) -> Iterator[Note]:
    """What stands between a hostile host and this machine; a scan says the same to itself before it begins."""
    if walls.may_leave_root(writes_to=_registry_folder(settings)):
        sentence = N_(
            "Each scan runs in a process of its own under the account nobody, limited in memory, files and time and "
            "without a way to new rights; it shares this machine's network, where the table of addresses alone holds."
        )
    else:
        sentence = N_(
            "Each scan runs in a process of its own under this account, limited in memory, files and time and without "
            "a way to new rights; it shares this machine's network, where the table of addresses alone holds."
        )
    yield _fine("walls", sentence)


def _registry_folder(settings: Settings) -> str:
    return network.of(settings.scan).registries.keep_dir


def _mail(settings: Settings, _now: datetime) -> Iterator[Note]:
    if not settings.mail.host:
        message = Message(text=N_("No mail relay is set: mails wait in the operator's outbox."))
        yield Note(piece="mail", state=State.WARN, message=message, remedy="SMTP_HOST=mail.example")
    elif settings.mail.security == "none" and not is_loopback(settings.mail.host):
        values: dict[str, str | int | float] = {"host": settings.mail.host}
        message = Message(text=N_("Mails go to %(host)s without encryption."), values=values)
        yield Note(piece="mail", state=State.WARN, message=message, remedy="SMTP_SECURITY=starttls")
    else:
        yield _fine("mail", N_("Mails go to %(host)s, encrypted on the way."), host=settings.mail.host)


def _clock(_settings: Settings, now: datetime) -> Iterator[Note]:
    # Nothing of ours can be older than its own files: a clock before them is wrong whatever it says of itself.
    newest = max(path.stat().st_mtime for path in HERE.glob("*.py"))
    if now.timestamp() < newest - timedelta(days=1).total_seconds():
        message = Message(
            text=N_("The clock says %(time)s, which cannot be."), values={"time": f"{now:%Y-%m-%d %H:%M}"}
        )
        yield Note(piece="clock", state=State.FAIL, message=message, remedy="sudo timedatectl set-ntp true")
    elif not _is_clock_synchronised():
        sentence = N_("Nothing keeps the clock exact; one-time codes fail when it is off by more than 30 seconds.")
        line = "sudo apt-get install systemd-timesyncd"
        yield Note(piece="clock", state=State.WARN, message=Message(text=sentence), remedy=line)
    else:
        yield _fine("clock", N_("The clock is kept exact."))


def _disk(settings: Settings, _now: datetime) -> Iterator[Note]:
    free = shutil.disk_usage(settings.data_dir).free
    state = State.FAIL if free < FULL_AT else State.WARN if free < TIGHT_AT else State.OK
    message = Message(text=N_("%(size)s GB are free on the disk of the data."), values={"size": f"{free / 2**30:.1f}"})
    yield Note(
        piece="disk", state=state, message=message, remedy="" if state is State.OK else f"df -h '{settings.data_dir}'"
    )


LOOKS: tuple[Look, ...] = (
    *(_python, _account, _pango, _pages, _virus_scanner, _frontend, _database, _data_directory, _secrets),
    *(_address, _vantage, _scans, _lists, _registries, _walls, _mail, _clock, _disk),
)


def _fine(piece: str, sentence: str, **values: str) -> Note:
    return Note(piece=piece, state=State.OK, message=Message(text=sentence, values=values))


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _is_open_to_others(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _is_clock_synchronised() -> bool:
    """Ask the kernel, which knows whatever program keeps the time; elsewhere than on Linux, believe."""
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    if adjtimex is None:
        return True
    return bool(adjtimex(ctypes.create_string_buffer(256)) != CLOCK_IS_NOT_SYNCHRONISED)
