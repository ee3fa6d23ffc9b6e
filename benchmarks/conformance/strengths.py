"""How strong a cipher suite is, by the guidelines of NCSC-NL."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.conformance.cases import Case, Suite, read
from scanners.parsing import suites

LEVELS = {"good": suites.Level.GOOD, "sufficient": suites.Level.GOOD, "phase_out": suites.Level.PHASE_OUT}


def cipher_suites(file: Path) -> Iterator[Case]:
    """Every suite that the guidelines name; good and sufficient are one level with us."""
    named = read(file)["ciphers"]
    for kind, level in LEVELS.items():
        for name in named[kind]:
            yield Case(id=name, wanted=level.name, got=suites.level(name).name)


SUITES = (Suite(name="Cipher suites (NCSC-NL)", file="tls/ncsc-nl-internetnl-2026.json", feed=cipher_suites),)
