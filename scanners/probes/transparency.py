"""Certificate transparency: which names of a domain have certificates. Asked are only the searches of the setting."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlsplit

from scanners.observations import LoggedNames, Reason
from scanners.parsing import transparency
from scanners.parsing.transparency import BadSearchResult, Found
from scanners.probes import dns, inquiries
from scanners.probes.inquiries import Answer, Inquirer, Kept
from scanners.probes.network import Unseen
from scanners.probes.visit import Visit

SECONDS = 40.0  # of one search; large domains take that long
MOST_BODY = 8_000_000
FRESH = timedelta(days=1)
STALE = timedelta(days=7)  # an answer of last week rather than none
MOST_LOOKED_UP = 25  # names; the domain's DNS budget is shared with all other probes
GAP = "{domain}"


async def logged_names(visit: Visit, domain: str) -> LoggedNames:
    """What the logs know of a domain; the names that look like tests or inner systems are looked up first."""
    settings = visit.door.settings.registries
    if not settings.transparency:
        raise Unseen(Reason.NOT_CONFIGURED)
    hosts = frozenset(_host(template) for template in settings.transparency)
    kept = Kept(settings.keep_dir, at=visit.at)
    async with inquiries.inquirer(visit.door.settings, allows=hosts.__contains__) as asking:
        answer = await _first_answer(visit, asking, kept, domain)
    found = _read(answer, visit, domain)
    return await _looked_up(visit, domain, answer, found)


async def _first_answer(visit: Visit, asking: Inquirer, kept: Kept, domain: str) -> Answer:
    """The searches are asked in turn: they are run for everybody's sake and often have no time."""
    last = Unseen(Reason.NOT_CONFIGURED)
    for template in visit.door.settings.registries.transparency:
        url = template.replace(GAP, domain)
        try:
            return await kept.ask(
                f"transparency {url}",
                lambda url=url: asking.get(  # type: ignore[misc]  # the address of this turn
                    url, at=visit.at, accept="application/json", at_most=MOST_BODY, seconds=SECONDS
                ),
                read=lambda answer: _read(answer, visit, domain),
                fresh=FRESH,
                stale=STALE,
                place=_host(template),
            )
        except Unseen as unseen:
            last = unseen
    raise last


def _read(answer: Answer, visit: Visit, domain: str) -> Found:
    try:
        return transparency.read(inquiries.as_json(answer), domain, at=visit.at)
    except BadSearchResult as error:
        raise Unseen(Reason.GARBLED, "search") from error


def _host(template: str) -> str:
    return (urlsplit(template.replace(GAP, "x")).hostname or "").lower()


async def _looked_up(visit: Visit, domain: str, answer: Answer, found: Found) -> LoggedNames:
    chosen = _telling_first(found.names, domain)[:MOST_LOOKED_UP]
    seen = await asyncio.gather(*(dns.resolved(visit.door, name) for name in chosen))
    known = {name: resolution for name, resolution in zip(chosen, seen, strict=True) if resolution}
    present = {name: resolution.addresses for name, resolution in known.items() if resolution.addresses}
    pages = await dns.staging_pages(visit, present)
    _at, caa = await dns.climb(visit.door, domain)
    return LoggedNames(
        at=visit.at,
        source=answer.host,
        asked_at=answer.asked_at,
        certificates=found.certificates,
        names=found.names,
        cut=found.cut,
        addresses=present,
        aliases={name: resolution.cname_chain[-1] for name, resolution in known.items() if resolution.cname_chain},
        dangling={name: target for name, resolution in known.items() if (target := resolution.dangling_target)},
        staging=pages,
        unasked=len(found.names) - len(known),
        caa=caa,
    )


def _telling_first(names: Iterable[str], domain: str) -> list[str]:
    """Names of tests and of inner systems first, then the shortest."""

    def rank(name: str) -> tuple[bool, int, str]:
        telling = dns.is_staging(name) or transparency.internal_words(name, domain)
        return not telling, name.count("."), name

    return sorted(names, key=rank)
