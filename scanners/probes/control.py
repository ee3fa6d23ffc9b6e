"""Whether a host's owner has published a token: in DNS beside the host or its domain, or as a file on the host."""

import asyncio

from scanners import targets
from scanners.observations import ControlRecords, Reason
from scanners.parsing.control import PATH, record_name
from scanners.probes import asking
from scanners.probes.network import Unseen
from scanners.probes.visit import Visit
from scanners.records import record

FILE_BYTES = 2_000


async def records(visit: Visit, host: str) -> ControlRecords:
    """Read both places of the record and the file; what cannot be read is told with its reason."""
    names = tuple(dict.fromkeys(record_name(name) for name in (targets.registrable(host), host)))
    reading = asyncio.gather(*(_texts(visit, name) for name in names))
    file, answers = await asyncio.gather(_file(visit, host), reading)
    return ControlRecords(
        at=visit.at,
        texts={name: found for name, found in zip(names, answers, strict=True) if isinstance(found, tuple)},
        unanswered={name: found for name, found in zip(names, answers, strict=True) if isinstance(found, Reason)},
        file_url=file.url,
        file_status=file.status,
        file_text=file.text,
        file_blind=file.blind,
    )


@record
class _File:
    url: str
    status: int | None = None
    text: str = ""
    blind: Reason | None = None


async def _texts(visit: Visit, name: str) -> tuple[str, ...] | Reason:
    try:
        return asking.record_texts(await asking.reply_to(visit.door, name, "TXT"), "TXT")
    except Unseen as unseen:
        return unseen.reason


async def _file(visit: Visit, host: str) -> _File:
    """Over https, else over http; a redirect proves nothing about this host and is not followed."""
    found = await _fetched(visit, f"https://{host}{PATH}")
    return found if found.blind is None else await _fetched(visit, f"http://{host}{PATH}")


async def _fetched(visit: Visit, url: str) -> _File:
    try:
        response = await visit.fetcher.fetch(url, at_most=FILE_BYTES)
    except Unseen as unseen:
        return _File(url=url, blind=unseen.reason)
    return _File(url=url, status=response.status, text=response.body[:FILE_BYTES])
