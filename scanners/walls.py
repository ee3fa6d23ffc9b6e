"""What the scanning process gives up before it meets a target: rights, files, and where it may, its account."""

import ctypes
import os
import pwd
import resource
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

import certifi

NOBODY = "nobody"
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38  # prctl(2)
LARGEST_FILE = 64_000_000


def shut(*, writes_to: str = "") -> None:
    """Shut what can be shut; a scan that keeps registries' answers in a folder may write there and nowhere else."""
    os.umask(0o077)
    os.chdir("/")
    largest = LARGEST_FILE if writes_to else 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    if may_leave_root(writes_to=writes_to):
        leave_root()
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _prctl(PR_SET_DUMPABLE, 0)


def may_leave_root(*, writes_to: str = "") -> bool:
    """Whether the process is root and would still find its own files as nobody."""
    if os.geteuid() != 0 or writes_to or _nobody() is None:
        return False
    return all(is_open_to_all(path) for path in own_files())


def leave_root() -> None:
    """Become nobody, for good."""
    nobody = _nobody()
    assert nobody is not None
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


def own_files() -> Iterable[Path]:
    """A file of each place that modules are still loaded from while a scan runs."""
    return (Path(os.__file__), Path(__file__), Path(certifi.where()), Path(sys.executable).resolve())


def is_open_to_all(path: Path) -> bool:
    """Whether any account may read the file and pass through all folders above it."""
    try:
        return bool(path.stat().st_mode & stat.S_IROTH) and all(
            folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents
        )
    except OSError:
        return False


def _nobody() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(NOBODY)
    except KeyError:
        return None


def _prctl(option: int, value: int) -> None:
    # Another system than Linux has no such call; the limits and the address table hold there all the same.
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(option, ctypes.c_ulong(value), 0, 0, 0)
