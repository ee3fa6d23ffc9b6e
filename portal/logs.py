"""What is written to the log: a line of known fields; no secret, no body, no text of an error gets in.

Also a configuration of gunicorn (`--config python:portal.logs`): its own log goes the same way.
"""

import logging
import os
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

FIELDS = ("request", "endpoint", "job", "kind", "scan", "error")  # of `extra`; any other is left out
LONGEST = 2000  # characters of one line
MOST_CAUSES = 5
CUT = "…"
OURS = frozenset({"portal", "reports", "assessments", "questionnaires", "scanners"})
QUIET = ("alembic", "fontTools", "weasyprint", "werkzeug", "httpx", "httpcore")

_SECRETS = (
    (re.compile(r"avi_[\w-]*"), f"avi_{CUT}"),
    (re.compile(r"(?<![\w-])[\w-]{43,}"), CUT),  # 256 bits in base64 or more
    (re.compile(r"[^\s@<>\"'(),;:]+@[\w-]+(?:\.[\w-]+)+"), f"{CUT}@{CUT}"),
    (re.compile(r"(://)[^/\s@]+@"), rf"\1{CUT}@"),
    (re.compile(r"(?<![\w:/.])(/[\w.-]+)/[^\s'\"]+"), rf"\1/{CUT}"),  # a path keeps its first word
)
_QUOTED = re.compile(r"['\"].*", re.DOTALL)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Formatter(logging.Formatter):
    """Time, level, logger, message, and the fields that are allowed.

    Of an exception it tells kinds and places. Its text is left out: it may hold what somebody typed.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line, and one for each place of an error; never fails."""
        at = datetime.fromtimestamp(record.created, UTC)
        parts = [f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z", record.levelname, f"{record.name}:"]
        message = _message(record)
        if record.name.partition(".")[0] not in OURS:
            message = _QUOTED.sub(CUT, message)  # a request that others could not read is quoted by them
        parts.append(_clean(message))
        parts += [f"{name}={_clean(getattr(record, name))}" for name in FIELDS if hasattr(record, name)]
        lines = [" ".join(parts)[:LONGEST]]
        if record.exc_info and record.exc_info[1] is not None:
            lines += _places(record.exc_info[1])
        return "\n".join(lines)


def redacted(text: str) -> str:
    """The text without tokens, other long secrets, addresses of people, and what follows in a path."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class Handler(logging.Handler):
    """Writes lines to standard error, or elsewhere; what cannot be written is dropped, not shown otherwise."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__()
        self._stream = stream
        self.setFormatter(Formatter())

    def emit(self, record: logging.LogRecord) -> None:
        """Write and flush."""
        stream = self._stream or sys.stderr
        with suppress(OSError, ValueError):  # full, or closed
            stream.write(f"{self.format(record)}\n")
            stream.flush()


def install() -> None:
    """The only way out for the log lines of this process, and for what nobody caught in a thread."""
    root = logging.getLogger()
    root.handlers[:] = [Handler()]
    root.setLevel(logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    threading.excepthook = _tell_of_thread


def on_starting(_server: object) -> None:
    """gunicorn calls this before it starts its processes, which inherit the handlers."""
    install()
    for name in ("gunicorn.error", "gunicorn.access"):
        log = logging.getLogger(name)
        log.handlers.clear()
        log.propagate = name != "gunicorn.access"


on_reload = on_starting


def _message(record: logging.LogRecord) -> str:
    """Of an error among the arguments only its kind."""
    arguments: object = record.args
    if isinstance(arguments, tuple):
        arguments = tuple(_kind(one) if isinstance(one, BaseException) else one for one in arguments)
    elif isinstance(arguments, Mapping):
        arguments = {name: _kind(one) if isinstance(one, BaseException) else one for name, one in arguments.items()}
    if isinstance(record.msg, BaseException):
        return _kind(record.msg)
    try:
        return str(record.msg) % arguments if arguments else str(record.msg)
    except (TypeError, ValueError, KeyError):
        return str(record.msg)


def _clean(value: object) -> str:
    return _UNPRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", redacted(str(value)[: 2 * LONGEST]))


def _places(error: BaseException) -> Iterator[str]:
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen and len(seen) < MOST_CAUSES:
        yield f"    {'after ' if seen else ''}{_kind(cause)}"
        yield from _frames(cause.__traceback__)
        seen.append(cause)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def _frames(traceback: TracebackType | None) -> Iterator[str]:
    while traceback is not None:
        code = traceback.tb_frame.f_code
        yield f"        {code.co_filename}:{traceback.tb_lineno} {code.co_name}"
        traceback = traceback.tb_next


def _kind(error: BaseException) -> str:
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    return f"{kind} ({os.strerror(error.errno)})" if isinstance(error, OSError) and error.errno else kind


def _tell_of_thread(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None and not isinstance(arguments.exc_value, SystemExit):
        logging.getLogger(__name__).critical("a thread ended", exc_info=arguments.exc_value)
