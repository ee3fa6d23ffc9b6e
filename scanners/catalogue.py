"""The checks there are: a list of modules read at start; a repeated id stops the start."""

from collections.abc import Mapping

from scanners import checking
from scanners.checks import authentication, caa, certificates, content, cookies, csp, dns, dnssec, headers, https, tls
from scanners.model import Check

CATALOGUE_VERSION = "2026.1"

CHECKS: Mapping[str, Check] = checking.collect(
    [tls, certificates, https, csp, headers, cookies, authentication, content, caa, dns, dnssec]
)
