"""The checks there are: a list of modules read at start; a repeated id stops the start."""

from collections.abc import Mapping

from scanners import checking
from scanners.checks import (
    advisories,
    api,
    authentication,
    caa,
    certificates,
    content,
    cookies,
    csp,
    disclosure,
    dns,
    dnssec,
    exposure,
    headers,
    health,
    https,
    javascript,
    mail_authentication,
    mail_transport,
    network,
    openid,
    ports,
    privacy,
    registries,
    scanning,
    software,
    takeover,
    tls,
)
from scanners.model import Check

CATALOGUE_VERSION = "2026.1"

CHECKS: Mapping[str, Check] = checking.collect(
    [
        tls,
        certificates,
        https,
        csp,
        headers,
        cookies,
        authentication,
        content,
        javascript,
        privacy,
        api,
        health,
        openid,
        exposure,
        disclosure,
        software,
        dnssec,
        dns,
        takeover,
        caa,
        mail_authentication,
        mail_transport,
        network,
        ports,
        registries,
        advisories,
        scanning,
    ]
)
