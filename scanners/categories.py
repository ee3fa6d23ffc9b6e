"""What the categories of checks are called, and the groups of looks that a running scan is told by."""

from collections.abc import Mapping

from scanners.model import N_

CATEGORIES: Mapping[str, str] = {
    "tls": N_("TLS protocol and ciphers"),
    "cert": N_("Certificates"),
    "ct": N_("Certificate transparency"),
    "web": N_("Protection of web pages"),
    "session": N_("Sessions and cookies"),
    "auth": N_("Signing in"),
    "oidc": N_("OAuth and OpenID Connect"),
    "js": N_("JavaScript"),
    "privacy": N_("Third parties and data transfer"),
    "cors": N_("Access from other origins"),
    "api": N_("Programming interfaces"),
    "health": N_("Health-care interfaces"),
    "exposure": N_("What lies open"),
    "sw": N_("Server software"),
    "dns": N_("DNS"),
    "mail": N_("E-mail"),
    "net": N_("Network and routing"),
    "ports": N_("Network services"),
    "domain": N_("Domain and brand"),
    "scan": N_("Quality of the scan"),
}

_DNS, _TLS, _PAGES, _MAIL = N_("DNS"), N_("TLS"), N_("Web pages"), N_("Mail")
_PORTS, _REGISTRIES, _OTHERS = N_("Ports"), N_("Registries"), N_("Other looks")
GROUPS = (_DNS, _TLS, _PAGES, _MAIL, _PORTS, _REGISTRIES, _OTHERS)
_BEGINNINGS: Mapping[str, str] = {
    "Dns": _DNS,
    "HostDns": _DNS,
    "ZoneDns": _DNS,
    "Related": _DNS,
    "Unresolved": _DNS,
    "Tls": _TLS,
    "Certificate": _TLS,
    "Page": _PAGES,
    "Cleartext": _PAGES,
    "Script": _PAGES,
    "Login": _PAGES,
    "WellKnown": _PAGES,
    "Unpublished": _PAGES,
    "Mail": _MAIL,
    "MtaSts": _MAIL,
    "Smtp": _MAIL,
    "HostServices": _DNS,
    "DomainTexts": _DNS,
    "Relied": _DNS,
    "NameServer": _DNS,
    "OtherName": _PAGES,
    "OpenPorts": _PORTS,
    "AddressOrigins": _REGISTRIES,
    "Logged": _REGISTRIES,
    "LookAlikes": _REGISTRIES,
    "Registration": _REGISTRIES,
    "Reputation": _REGISTRIES,
    "Revocation": _REGISTRIES,
}


def title(category: str) -> str:
    """The English title of a category; one that has none yet goes by its id."""
    return CATEGORIES.get(category, category)


def position(category: str) -> tuple[int, str]:
    """Where a category stands among the others, for sorting."""
    known = list(CATEGORIES)
    return (known.index(category) if category in CATEGORIES else len(known)), category


def group(kind: str) -> str:
    """The group to which a kind of observation belongs, by the beginning of its name."""
    return next((name for start, name in _BEGINNINGS.items() if kind.startswith(start)), _OTHERS)


def grouped(counts: Mapping[str, tuple[int, int]]) -> Mapping[str, tuple[int, int]]:
    """How many looks of each group are done, of all, in the order of the groups."""
    sums: dict[str, tuple[int, int]] = {}
    for kind, (done, total) in counts.items():
        before = sums.get(group(kind), (0, 0))
        sums[group(kind)] = before[0] + done, before[1] + total
    return {name: sums[name] for name in GROUPS if name in sums}
