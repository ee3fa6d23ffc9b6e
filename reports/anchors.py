"""The anchors of a finding or question, worded the same in every document. An anchor is an indicator, not a verdict."""

from reports.reader import NARROW
from scanners.model import Refs

_LAW = f"§{NARROW}30 Abs.{NARROW}2 Nr.{NARROW}"


def measures(refs: Refs) -> str:
    """§ 30 Abs. 2 Nr. 5, 8 BSIG."""
    return f"{_LAW}{', '.join(str(number) for number in refs.measures)} BSIG" if refs.measures else ""


def nis2(refs: Refs) -> str:
    """Art. 21(2)(e), (h): the letters run parallel to the numbers."""
    return f"Art.{NARROW}21(2)({'), ('.join(refs.nis2)})" if refs.measures else ""


def iso27001(refs: Refs) -> str:
    """A.8.24, A.8.20."""
    return ", ".join(refs.iso27001)


def owasp(refs: Refs) -> str:
    """A02:2021, A04:2025."""
    pairs = ((refs.owasp2021, "2021"), (refs.owasp2025, "2025"))
    return ", ".join(f"{number}:{year}" for number, year in pairs if number)


def gdpr(refs: Refs) -> str:
    """Art. 32 (1) a."""
    return ", ".join(refs.gdpr)


def mdr(refs: Refs) -> str:
    """Annex I points of the MDR that the observation touches, if the host belongs to a device."""
    return ", ".join(refs.mdr)
