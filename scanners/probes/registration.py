"""Registration data: what the registry says of a domain over RDAP. Asked are the bootstrap of the setting and the
services that it names, nobody else."""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from scanners.observations import Reason, Registration
from scanners.parsing import rdap
from scanners.parsing.rdap import BadDocument
from scanners.probes import inquiries
from scanners.probes.inquiries import Answer, Kept
from scanners.probes.network import Unseen
from scanners.probes.visit import Visit

SECONDS = 15.0
MOST_BODY = 2_000_000
FRESH_LIST = timedelta(days=7)
STALE_LIST = timedelta(days=90)
FRESH = timedelta(hours=12)
STALE = timedelta(days=7)
ACCEPT = "application/rdap+json, application/json"


async def registration(visit: Visit, domain: str) -> Registration:
    """Whether the domain is registered, until when, and how it is locked."""
    settings = visit.door.settings
    url = settings.registries.rdap_bootstrap
    if not url:
        raise Unseen(Reason.NOT_CONFIGURED)
    kept = Kept(settings.registries.keep_dir, at=visit.at)
    known = await _services(visit, kept, url)
    service = rdap.service_of(domain, known)
    if not service:
        return Registration(at=visit.at, source="", asked_at=visit.at, serves=False)
    async with inquiries.inquirer(settings, allows=rdap.hosts(known).__contains__) as asking:
        address = f"{service}domain/{domain}"
        answer = await kept.ask(
            f"rdap {address}",
            lambda: asking.get(address, at=visit.at, accept=ACCEPT, at_most=MOST_BODY, seconds=SECONDS),
            read=lambda answer: _domain(visit, answer),
            fresh=FRESH,
            stale=STALE,
        )
    return _domain(visit, answer)


async def _services(visit: Visit, kept: Kept, url: str) -> Mapping[str, tuple[str, ...]]:
    host = (urlsplit(url).hostname or "").lower()
    async with inquiries.inquirer(visit.door.settings, allows=host.__eq__) as asking:
        answer = await kept.ask(
            f"bootstrap {url}",
            lambda: asking.get(url, at=visit.at, accept=ACCEPT, at_most=MOST_BODY, seconds=SECONDS),
            read=_known,
            fresh=FRESH_LIST,
            stale=STALE_LIST,
        )
    return _known(answer)


def _known(answer: Answer) -> Mapping[str, tuple[str, ...]]:
    try:
        return rdap.services(inquiries.as_json(answer))
    except BadDocument as error:
        raise Unseen(Reason.GARBLED, "bootstrap") from error


def _domain(visit: Visit, answer: Answer) -> Registration:
    if answer.status == HTTPStatus.NOT_FOUND:  # RFC 7480 section 5.3
        return Registration(at=visit.at, source=answer.host, asked_at=answer.asked_at, exists=False)
    document = inquiries.as_json(answer)
    try:
        rdap.check_domain(document)
    except BadDocument as error:
        raise Unseen(Reason.GARBLED, "rdap") from error
    return Registration(
        at=visit.at,
        source=answer.host,
        asked_at=answer.asked_at,
        states=rdap.states(document),
        expires=rdap.expires(document),
        registrar=rdap.registrar(document),
    )
