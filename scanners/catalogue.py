"""The checks there are: a list of modules read at start; a repeated id stops the start."""

from collections.abc import Mapping

from scanners import checking
from scanners.checks import caa, dns, dnssec
from scanners.model import Check

CATALOGUE_VERSION = "2026.1"

CHECKS: Mapping[str, Check] = checking.collect([dns, dnssec, caa])
