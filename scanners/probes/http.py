"""What a browser would be served: pages with their redirects, scripts, log-in pages, documents published for all."""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace

from scanners import targets
from scanners.observations import (
    CleartextPage,
    LoginPage,
    Observation,
    Page,
    Reason,
    Response,
    Script,
    Scripts,
    UnresolvedReferences,
    WellKnown,
)
from scanners.parsing import challenges, html, urls
from scanners.probes import reading
from scanners.probes.fetching import MOST_BODY
from scanners.probes.network import Unseen
from scanners.probes.visit import Visit
from scanners.records import record

MOST_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_SCRIPTS = 15
MOST_LISTED_SCRIPTS = 100
SCRIPT_BYTES = 1_000_000
SCRIPTS_KEPT = 4_000_000  # characters of all scripts of a page together
REDIRECT_KEPT = 16_384  # characters of a redirect's own body
MOST_LOGIN_LINKS = 3
MOST_LINKS_READ = 2_000
DOCUMENT_BYTES = 600_000  # a FHIR server's own description fills some hundred kilobytes
SITEMAP_BYTES = 32_768
MOST_REFERENCES = 30

WELL_KNOWN = (
    "/.well-known/security.txt",
    "/security.txt",
    "/.well-known/csaf/provider-metadata.json",
    "/robots.txt",
    "/.well-known/openid-configuration",
    "/.well-known/webauthn",
    "/.well-known/change-password",
    # Cannot exist (W3C change-password): who answers it answers everything.
    "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200",
    "/.well-known/smart-configuration",
    "/sitemap.xml",
    "/metadata",
    "/fhir/metadata",
    "/fhir/.well-known/smart-configuration",
)

# Where libraries are usually loaded from; what lies there is public and the same for everybody.
LIBRARY_HOSTS = frozenset(
    {
        "ajax.googleapis.com",
        "ajax.aspnetcdn.com",
        "cdn.jsdelivr.net",
        "cdnjs.cloudflare.com",
        "code.jquery.com",
        "maxcdn.bootstrapcdn.com",
        "netdna.bootstrapcdn.com",
        "stackpath.bootstrapcdn.com",
        "unpkg.com",
        "code.angularjs.org",
        "cdn.datatables.net",
    }
)

LOGIN_WORDS = (
    "login",
    "log-in",
    "logon",
    "signin",
    "sign-in",
    "anmeld",
    "einlogg",
    "auth",
    "sso",
    "account",
    "konto",
    "portal",
)


async def page(visit: Visit, host: str) -> Page:
    """A load of https://host/ ; shared by all probes that read it."""
    return await visit.door.once(("page", host), lambda: _page(visit, host))


async def cleartext_page(visit: Visit, host: str) -> Observation:
    """A load of http://host/ ."""
    try:
        walk = await _follow(visit, host, f"http://{host}/")
    except Unseen as unseen:
        if unseen.reason is Reason.REFUSED:
            return CleartextPage(at=visit.at, closed=True)
        raise
    _refuse_walls(walk.hops[-1])
    # What came over TLS is told by the Page; here only its headers matter.
    hops = tuple(replace(hop, body="") if hop.tls_verified is not None else hop for hop in walk.hops)
    return CleartextPage(at=visit.at, hops=hops, left_host_to=walk.left_host_to)


async def scripts(visit: Visit, host: str) -> Observation:
    """The page's external scripts; bodies of our host's own and of libraries, within the cap."""
    document = (await page(visit, host)).document
    loads = await _loads(document)
    listed = [load for load in loads if load.tag == "script" and load.url][:MOST_LISTED_SCRIPTS]
    readable = [load.url for load in listed if _may_read(document.url, load.url)]
    bodies = await _bodies(visit, tuple(dict.fromkeys(readable))[:MOST_SCRIPTS])
    return Scripts(
        at=visit.at,
        scripts=tuple(
            Script(
                url=load.url,
                body=bodies.get(load.url, ""),
                sha1=_sha1(bodies.get(load.url, "")),
                cross_origin=_origin(load.url) != _origin(document.url),
                integrity=load.integrity,
            )
            for load in listed
        ),
    )


async def login_page(visit: Visit, host: str) -> Observation:
    """Pages of the same host that the start page links to and that ask for a password."""
    document = (await page(visit, host)).document
    links = (await reading.aside(document.body, lambda: _login_links(document)))[:MOST_LOGIN_LINKS]
    found = await asyncio.gather(*(_last_response(visit, host, url) for url in links))
    pages = [one for one in found if one and await _asks_password(one)]
    return LoginPage(at=visit.at, pages=tuple({one.url: one for one in pages}.values()))


async def well_known(visit: Visit, host: str) -> Observation:
    """Documents that a standard publishes for everyone; a 404 is a fact too."""
    answers = await asyncio.gather(
        *(
            _last_response(
                visit, host, f"https://{host}{path}", accept=_accepted(path), at_most=_most(path), patient=True
            )
            for path in WELL_KNOWN
        )
    )
    documents = {path: answer for path, answer in zip(WELL_KNOWN, answers, strict=True) if answer}
    if not documents:
        await page(visit, host)  # says why nothing answers
        raise Unseen(Reason.GARBLED)
    return WellKnown(at=visit.at, documents=documents)


async def unresolved_references(visit: Visit, host: str) -> Observation:
    """Whether the other hosts that the page loads from exist."""
    document = (await page(visit, host)).document
    loads = (await _loads(document))[:MOST_LINKS_READ]
    names = dict.fromkeys(_name_of(load.url) for load in loads if urls.is_web(load.url))
    # A page must not ask through us which names there are inside a house.
    outside = (name for name in names if not _is_special(name, visit.door.settings.permitted_suffixes))
    asked = tuple(name for name in outside if name and name != host)[:MOST_REFERENCES]
    exist = await asyncio.gather(*(_exists(visit, name) for name in asked))
    answered = [(name, exists) for name, exists in zip(asked, exist, strict=True) if exists is not None]
    return UnresolvedReferences(
        at=visit.at,
        asked=tuple(name for name, _exists in answered),
        missing=tuple(name for name, exists in answered if not exists),
    )


# --- redirects ---------------------------------------------------------------------------------


@record
class _Walk:
    hops: tuple[Response, ...]
    left_host_to: str | None = None


def _walked(hops: list[Response], left_host_to: str | None = None) -> _Walk:
    *redirects, last = hops
    short = (replace(hop, body=hop.body[:REDIRECT_KEPT]) for hop in redirects)
    return _Walk(hops=(*short, last), left_host_to=left_host_to)


async def _page(visit: Visit, host: str) -> Page:
    walk = await _follow(visit, host, f"https://{host}/")
    _refuse_walls(walk.hops[-1])
    return Page(at=visit.at, hops=walk.hops, left_host_to=walk.left_host_to)


async def _follow(
    visit: Visit,
    host: str,
    url: str,
    *,
    at_most: int = MOST_BODY,
    accept: str | None = None,
    patient: bool = False,
) -> _Walk:
    """Each hop is vetted anew by the door, and fetched only within the scope of the scan."""
    headers = {"Accept": accept} if accept else None
    hops = [await visit.fetcher.fetch(url, at_most=at_most, headers=headers, patient=patient)]
    while len(hops) <= MOST_REDIRECTS and (following := _location(hops[-1])):
        target = urls.host(following)
        if not visit.in_scope(host, target):
            return _walked(hops, target[:253] or None)
        try:
            hops.append(await visit.fetcher.fetch(following, at_most=at_most, headers=headers, patient=patient))
        except Unseen as unseen:
            if unseen.reason is not Reason.NOT_CONSENTED:
                raise
            return _walked(hops, target)  # another port or scheme
    return _walked(hops)


def _location(response: Response) -> str:
    if response.status not in REDIRECTS:
        return ""
    return next((urls.join(response.url, value) for value in response.values("location")), "")


async def _last_response(
    visit: Visit,
    host: str,
    url: str,
    *,
    accept: str | None = None,
    at_most: int = DOCUMENT_BYTES,
    patient: bool = False,
) -> Response | None:
    """Where the address leads within the scope; None where nothing can be said of it."""
    try:
        last = (await _follow(visit, host, url, at_most=at_most, accept=accept, patient=patient)).hops[-1]
    except Unseen as unseen:
        if unseen.reason in {Reason.BUDGET, Reason.NOT_PUBLIC}:
            raise
        return None
    return None if challenges.is_challenge(last) or challenges.is_throttled(last) else last


def _accepted(path: str) -> str | None:
    """FHIR servers show people a page of HTML; asked for JSON they show what they are."""
    return "application/fhir+json, application/json" if path.endswith(("/metadata", "configuration")) else None


def _most(path: str) -> int:
    return SITEMAP_BYTES if path == "/sitemap.xml" else DOCUMENT_BYTES


def _refuse_walls(response: Response) -> None:
    if challenges.is_challenge(response):
        raise Unseen(Reason.CHALLENGED)
    if challenges.is_throttled(response):
        raise Unseen(Reason.THROTTLED)


# --- what a page names -------------------------------------------------------------------------


def _may_read(document_url: str, url: str) -> bool:
    name = _name_of(url)
    if not urls.is_web(url) or not name:
        return False
    own = urls.host(document_url)
    return name in LIBRARY_HOSTS or targets.registrable(name) == targets.registrable(own)


async def _bodies(visit: Visit, addresses: Iterable[str]) -> Mapping[str, str]:
    async def body(url: str) -> tuple[str, str]:
        try:
            response = await visit.fetcher.fetch(url, at_most=SCRIPT_BYTES)
        except Unseen:
            return url, ""
        return url, response.body if response.status == 200 else ""  # noqa: PLR2004 - OK

    found: dict[str, str] = {}
    left = SCRIPTS_KEPT
    for url, text in await asyncio.gather(*(body(url) for url in addresses)):
        found[url] = text if len(text) <= left else ""
        left -= len(found[url])
    return found


def _login_links(document: Response) -> list[str]:
    """Links and frames of this host that sound like a log-in, the plainest first."""
    parsed = html.read(document.body)
    base, own = parsed.base(document.url), urls.host(document.url)
    found: dict[str, int] = {}
    for element in parsed.all("a", "area", "iframe", "frame")[:MOST_LINKS_READ]:
        url = urls.join(base, element.get("href") or element.get("src")).partition("#")[0]
        words = (url.partition("://")[2] + " " + element.get("title")).lower().removeprefix(own)
        rank = next((rank for rank, word in enumerate(LOGIN_WORDS) if word in words), None)
        if rank is not None and urls.is_web(url) and urls.host(url) == own and url != document.url:
            found[url] = min(rank, found.get(url, rank))
    return sorted(found, key=lambda url: found[url])


async def _exists(visit: Visit, name: str) -> bool | None:
    try:
        resolution = await visit.door.resolve(name)
    except Unseen:
        return None
    return resolution.exists and resolution.dangling_target is None


def _name_of(url: str) -> str:
    """The host that the address names; "" for an IP address and for what names none."""
    try:
        return targets.normalise(urls.host(url), permitted_suffixes=targets.SPECIAL_USE)
    except targets.BadTarget:
        return ""


def _is_special(name: str, permitted: Iterable[str]) -> bool:
    is_special = any(targets.is_below(name, suffix) for suffix in targets.SPECIAL_USE)
    return is_special and not any(targets.is_below(name, suffix) for suffix in permitted)


async def _loads(document: Response) -> tuple[html.Load, ...]:
    return await reading.aside(document.body, lambda: html.loads(html.read(document.body), document.url))


async def _asks_password(document: Response) -> bool:
    return await reading.aside(document.body, lambda: html.read(document.body).asks_password)


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urls.split(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    usual = {"http": 80, "https": 443}
    return urls.scheme(url), urls.host(url), port or usual.get(urls.scheme(url))


def _sha1(body: str) -> str:
    # The published lists of library files are keyed by SHA-1; nothing is protected by it.
    return hashlib.sha1(body.encode(), usedforsecurity=False).hexdigest() if body else ""


def linked_names(document: Response) -> tuple[str, ...]:
    """The hosts that a page links to or loads from, in order."""
    parsed = html.read(document.body)
    base = parsed.base(document.url)
    links = (urls.join(base, element.get("href")) for element in parsed.all("a")[:MOST_LINKS_READ])
    loaded = (load.url for load in html.loads(parsed, document.url)[:MOST_LINKS_READ])
    found = dict.fromkeys(_name_of(url) for url in (*links, *loaded) if urls.is_web(url))
    return tuple(name for name in found if name)
