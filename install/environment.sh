# What ./run and ./test share: the interpreter, the environment and the system packages. Sourced by sh, from the root of the tree.
# shellcheck shell=sh

say() { printf '%s\n' "$*"; }
fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# Whether we may install Debian packages: as root, or through a sudo that asks nothing. KETTENBLICK_NO_APT=1 forbids it.
may_install() {
    [ -z "${KETTENBLICK_NO_APT:-}" ] && command -v apt-get >/dev/null 2>&1 || return 1
    [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null
}

apt_install() {
    as_root=
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    say "Installing from Debian's packages: $*"
    log=$(mktemp)
    # The package lists may be old or absent: try what is known, then refresh them once.
    if $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >"$log" 2>&1 ||
        { $as_root apt-get update >"$log" 2>&1 &&
            $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >"$log" 2>&1; }; then
        rm -f "$log"
        return 0
    fi
    tail -n 5 "$log" >&2
    rm -f "$log"
    return 1
}

# The line an administrator types when we may not.
apt_line() { printf 'sudo apt-get install %s' "$*"; }

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    for candidate in "${PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 && is_new_enough "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

# Sets $python to an interpreter of 3.11 or newer that can make environments.
need_python() {
    if ! python=$(find_python); then
        may_install && apt_install python3 python3-venv && python=$(find_python) ||
            fail "Kettenblick needs Python 3.11 or newer, and this machine has none. Type: $(apt_line python3 python3-venv)"
    fi
    if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
        version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
        may_install && { apt_install "$version-venv" || apt_install python3-venv; } ||
            fail "Python's venv module is missing. Type: $(apt_line "$version-venv")"
    fi
}

sha256_of() { "$python" -c 'import hashlib, sys; print(hashlib.sha256(b"".join(open(p, "rb").read() for p in sys.argv[1:])).hexdigest())' "$@"; }

# need_environment LOCK: an environment in .venv that holds what LOCK names, every file checked against its hash there.
# The development lock holds all of the other, so it satisfies both.
need_environment() {
    lock=$1
    [ -w . ] || fail "This folder cannot be written by $(id -un): Kettenblick keeps its environment in it. Type: sudo chown -R $(id -un) '$(pwd)'"
    if [ -e .venv ] && ! is_new_enough .venv/bin/python; then
        say "The environment in .venv is broken or too old; making it anew."
        rm -rf .venv
    fi
    if [ ! -e .venv ]; then
        say "Making the environment in .venv"
        "$python" -m venv .venv || { rm -rf .venv; fail "The environment could not be made (see above)."; }
    fi
    wanted="$(sha256_of "$lock") $lock"
    if ! grep -qxF "$wanted" .venv/INSTALLED 2>/dev/null; then
        say "Installing the packages of $lock (once; about a minute)"
        .venv/bin/python -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear .venv
        .venv/bin/python -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r "$lock" ||
            fail "The packages could not be installed (see above). Kettenblick needs a package index; set one with pip's own configuration and start again."
        say "$wanted" >.venv/INSTALLED
        if [ "$lock" = requirements-dev.lock ]; then
            say "$(sha256_of requirements.lock) requirements.lock" >>.venv/INSTALLED
        fi
    fi
    # The folder's own path is part of what is installed: a moved tree installs itself again.
    wanted="$(sha256_of pyproject.toml) $(pwd)"
    if ! grep -qxF "$wanted" .venv/INSTALLED.self 2>/dev/null; then
        .venv/bin/python -m pip install -qq --disable-pip-version-check --no-input --no-index --no-deps --no-build-isolation --editable . ||
            fail "Kettenblick itself could not be installed (see above)."
        say "$wanted" >.venv/INSTALLED.self
    fi
}

# need_frontend [--tests]
need_frontend() {
    .venv/bin/python frontend/build.py "$@" || fail "The pages need these files; is the npm registry within reach?"
}

PANGO="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"

has_pango() {
    .venv/bin/python -c '
import ctypes
for name in ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0"):
    ctypes.CDLL(name)
' >/dev/null 2>&1
}

# Pango sets the text of the PDF reports. Without it everything else works, and says so.
need_pango() {
    has_pango && return 0
    # shellcheck disable=SC2086
    may_install && apt_install $PANGO && has_pango && return 0
    say "PDF reports are off: Pango is missing. Type: $(apt_line "$PANGO")"
    return 1
}
