# What ./run and ./test share: the interpreter, the environment and the system packages. Sourced by sh, from the root of the tree.
# shellcheck shell=sh

# say GERMAN ENGLISH: the language that the terminal names; "C" names nobody's, and a fresh server has no other: both.
# say ENGLISH: what only developers read.
say() {
    case "$#${LC_ALL:-${LC_MESSAGES:-${LANG:-C}}}" in
    1*) printf '%s\n' "$1" ;;
    2de*) printf '%s\n' "$1" ;;
    2C | 2C.* | 2POSIX) printf '%s\n%s\n' "$1" "$2" ;;
    *) printf '%s\n' "$2" ;;
    esac
}
fail() {
    say "$@" >&2
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
    say "Wird aus den Debian-Paketen installiert: $*" "Installing from Debian's packages: $*"
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
            fail "Kettenblick braucht Python 3.11 oder neuer, und dieser Rechner hat keins. Bitte eingeben: $(apt_line python3 python3-venv)" \
                "Kettenblick needs Python 3.11 or newer, and this machine has none. Type: $(apt_line python3 python3-venv)"
    fi
    if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
        version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
        may_install && { apt_install "$version-venv" || apt_install python3-venv; } ||
            fail "Das venv-Modul von Python fehlt. Bitte eingeben: $(apt_line "$version-venv")" \
                "Python's venv module is missing. Type: $(apt_line "$version-venv")"
    fi
}

sha256_of() { "$python" -c 'import hashlib, sys; print(hashlib.sha256(b"".join(open(p, "rb").read() for p in sys.argv[1:])).hexdigest())' "$@"; }

# need_environment LOCK: an environment in .venv that holds what LOCK names, every file checked against its hash there.
# The development lock holds all of the other, so it satisfies both.
need_environment() {
    lock=$1
    [ -w . ] || fail "In diesen Ordner darf $(id -un) nicht schreiben: Kettenblick legt darin seine Umgebung an. Bitte eingeben: sudo chown -R $(id -un) '$(pwd)'" \
        "This folder cannot be written by $(id -un): Kettenblick keeps its environment in it. Type: sudo chown -R $(id -un) '$(pwd)'"
    if [ -e .venv ] && ! is_new_enough .venv/bin/python; then
        say "Die Umgebung in .venv ist beschädigt oder zu alt und wird neu angelegt." \
            "The environment in .venv is broken or too old; making it anew."
        rm -rf .venv
    fi
    if [ ! -e .venv ]; then
        say "Die Umgebung wird in .venv angelegt" "Making the environment in .venv"
        "$python" -m venv .venv || { rm -rf .venv; fail "Die Umgebung ließ sich nicht anlegen (siehe oben)." "The environment could not be made (see above)."; }
    fi
    wanted="$(sha256_of "$lock") $lock"
    if ! grep -qxF "$wanted" .venv/INSTALLED 2>/dev/null; then
        say "Die Pakete aus $lock werden installiert (einmalig, etwa eine Minute)" "Installing the packages of $lock (once; about a minute)"
        .venv/bin/python -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear .venv
        .venv/bin/python -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r "$lock" ||
            fail "Die Pakete ließen sich nicht installieren (siehe oben). Kettenblick braucht einen Paketindex; stellen Sie einen in der Konfiguration von pip ein und starten Sie neu." \
                "The packages could not be installed (see above). Kettenblick needs a package index; set one with pip's own configuration and start again."
        printf '%s\n' "$wanted" >.venv/INSTALLED
        if [ "$lock" = requirements-dev.lock ]; then
            printf '%s\n' "$(sha256_of requirements.lock) requirements.lock" >>.venv/INSTALLED
        fi
    fi
    # The folder's own path is part of what is installed: a moved tree installs itself again.
    wanted="$(sha256_of pyproject.toml) $(pwd)"
    if ! grep -qxF "$wanted" .venv/INSTALLED.self 2>/dev/null; then
        .venv/bin/python -m pip install -qq --disable-pip-version-check --no-input --no-index --no-deps --no-build-isolation --editable . ||
            fail "Kettenblick selbst ließ sich nicht installieren (siehe oben)." "Kettenblick itself could not be installed (see above)."
        printf '%s\n' "$wanted" >.venv/INSTALLED.self
    fi
}

# need_frontend [--tests]
need_frontend() {
    .venv/bin/python frontend/build.py "$@" || fail "Die Seiten brauchen diese Dateien; ist die npm-Registry erreichbar?" \
        "The pages need these files; is the npm registry within reach?"
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
    say "PDF-Berichte sind aus: Pango fehlt. Bitte eingeben: $(apt_line "$PANGO")" \
        "PDF reports are off: Pango is missing. Type: $(apt_line "$PANGO")"
    return 1
}
