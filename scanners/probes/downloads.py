"""The makers of the data sets: fetched over HTTPS from the hosts of the table, or from the operator's own mirror."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from scanners.data.refreshing import ORIGINS, Origin
from scanners.jobs import NetworkSettings
from scanners.probes import inquiries
from scanners.probes.network import Unseen

SECONDS = 300.0


class NotFetched(Exception):
    """A set could not be had; the sentence names it and its host."""


async def fetch(
    names: Iterable[str], *, settings: NetworkSettings, at: datetime, mirror: str = ""
) -> Mapping[str, bytes]:
    """The raw sets by name; one that cannot be had ends it all. `mirror` is an address that holds them as files."""
    wanted = [ORIGINS[name] for name in names]
    addresses = {origin.name: _address(origin, mirror) for origin in wanted}
    hosts = frozenset((urlsplit(url).hostname or "").lower() for url in addresses.values())
    found: dict[str, bytes] = {}
    async with inquiries.inquirer(settings, allows=hosts.__contains__) as asking:
        for origin in wanted:
            url = addresses[origin.name]
            try:
                answer = await asking.get(
                    url, at=at, accept="application/json, */*", at_most=origin.most_bytes, seconds=SECONDS
                )
            except Unseen as unseen:
                raise NotFetched(f"{origin.name}: {url}: {unseen.reason.value}.") from unseen
            if answer.status != HTTPStatus.OK:
                raise NotFetched(f"{origin.name}: {url}: status {answer.status}.")
            found[origin.name] = answer.body
    return found


def _address(origin: Origin, mirror: str) -> str:
    return f"{mirror.rstrip('/')}/{origin.file}" if mirror else origin.url
