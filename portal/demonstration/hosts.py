"""From the data file to the servers: what each vendor's hosts are, as a plan."""

import datetime as dt
import ssl
from collections.abc import Mapping, Sequence

from portal.demonstration.plans import (
    CertificateKind,
    Cleartext,
    Exchanger,
    KeyKind,
    Plan,
    Quirk,
    Reply,
    Site,
    Tls,
    Zone,
)
from portal.demonstration.story import Raw, VendorTold

SECURITY_TXT_LASTS = dt.timedelta(days=330)
VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


def plan(vendors: Sequence[VendorTold], *, at: dt.datetime) -> Plan:
    """All servers of all vendors."""
    return Plan(
        zones=tuple(_zone(raw) for vendor in vendors for raw in vendor.zones),
        sites=tuple(_site(raw, at) for vendor in vendors for raw in vendor.sites),
        exchangers=tuple(_exchanger(raw) for vendor in vendors for raw in vendor.exchangers),
        quirks={name: Quirk(quirk) for vendor in vendors for name, quirk in vendor.quirks.items()},
    )


def _zone(raw: Raw) -> Zone:
    return Zone(
        name=raw["name"],
        records=raw.get("records", ""),
        name_servers=tuple(raw.get("name_servers", ("ns1", "ns2"))),
        signed=raw.get("signed", False),
    )


def _site(raw: Raw, at: dt.datetime) -> Site:
    words = {
        "host": raw["host"],
        "domain": ".".join(raw["host"].split(".")[-2:]),
        "expires": (at + SECURITY_TXT_LASTS).strftime("%Y-%m-%dT00:00:00Z"),
    }
    return Site(
        host=raw["host"],
        aliases=tuple(raw.get("aliases", ())),
        tls=_tls(raw.get("tls", {})),
        cleartext=Cleartext(raw.get("cleartext", Cleartext.REDIRECTS)),
        headers=(*_headers(raw.get("headers", {})), *_headers(raw.get("more_headers", {}))),
        pages={path: _reply(reply, words) for path, reply in raw.get("pages", {}).items()},
    )


def _tls(raw: Raw | None) -> Tls | None:
    if raw is None:
        return None
    return Tls(
        certificate=CertificateKind(raw.get("certificate", CertificateKind.GOOD)),
        key=KeyKind(raw.get("key", KeyKind.EC_P256)),
        lowest=VERSIONS[raw.get("lowest", "1.2")],
        highest=VERSIONS[raw.get("highest", "1.3")],
        ciphers=raw.get("ciphers", ""),
    )


def _headers(raw: Raw) -> tuple[tuple[str, str], ...]:
    """A header that is sent more than once has a list of values."""
    return tuple(
        (name, value) for name, values in raw.items() for value in (values if isinstance(values, list) else [values])
    )


def _reply(raw: str | Raw, words: Mapping[str, str]) -> Reply:
    """Text alone is a page; a mapping says more. Only documents with a type of their own have gaps to fill."""
    if isinstance(raw, str):
        return Reply(body=f'<!doctype html><html lang="de"><meta charset="utf-8">{raw}</html>')
    body = raw.get("body", "")
    return Reply(
        status=raw.get("status", 200),
        headers=_headers(raw.get("headers", {})),
        body=body % words if "type" in raw and "%(" in body else body,
        content_type=raw.get("type", "text/html; charset=utf-8"),
    )


def _exchanger(raw: Raw) -> Exchanger:
    return Exchanger(host=raw["host"], tls=_tls(raw.get("tls", {})), pinned=raw.get("pinned", False))
