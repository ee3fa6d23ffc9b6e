"""Active class: a closed list of paths that nobody published, beside paths that cannot exist to know a catch-all by.

Every request is one of scanners/data/unpublished.py: GET, HEAD, OPTIONS and GraphQL's question for its own description.
Nothing logs in, sends a form, counts through identifiers or reads a record. What an answer holds is forgotten at once;
kept is only by which signs it was recognised.
"""

import asyncio
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from secrets import randbelow, token_hex
from typing import Any

import re2

from scanners import targets
from scanners.data import errors, unpublished
from scanners.data.unpublished import FIRST_PASSWORD, WIZARDS, Form, Path, Purpose, Sign
from scanners.observations import Observation, Reason, Response, UnpublishedPaths
from scanners.parsing import challenges, html, likeness, urls
from scanners.probes.network import Unseen
from scanners.probes.visit import Visit
from scanners.records import record

AT_ONCE = 2
SECONDS = 75.0  # after which nothing more is asked; what is known by then is kept
MOST_FAILURES = 4  # in a row, after which the host is left alone
MOST_FOLLOWED = 3
MOST_MAPS = 2
MOST_OPERATIONS = 400
LONGEST_NAME = 200
DIGEST = 8  # digits: enough to tell two files apart, not enough to guess what is in one
FOUND = frozenset({200, 206})
METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options", "trace"})
REFUSING = frozenset({400, 403})
OVERLOADED = frozenset({502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
KEPT_HEADERS = frozenset({"content-type", "location", "server", "allow", "www-authenticate", "retry-after"})
RATE_HEADERS = ("ratelimit", "x-ratelimit", "x-rate-limit")
LISTED = frozenset(one.path for one in unpublished.PATHS)
GUARDED = frozenset({Purpose.PANEL, Purpose.CMS})  # a password field is a sign there
LISTABLE = frozenset({Purpose.FRONT, Purpose.DIRECTORY, Purpose.ASSETS})  # listings look alike, each is a find
_CAPTURED = re2.compile(r"^[\w.]{1,40}$")
_DESCRIPTION = re2.compile(r"(?i)/(?:openapi|swagger)[\w.\-]{0,40}\.(?:json|ya?ml)$|/v[23]/api-docs$")
_FHIR_BASE = r"(?:https://%s|[\"'=\s])(/(?:[\w.\-]{1,40}/){0,4}fhir(?:/[rR]\d\w?)?)[/\"'?#<\s]"

Key = tuple[str, str, str]  # folder, extension, method


@cache
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern)


async def paths(visit: Visit, host: str) -> Observation:
    """Ask a host for the paths of the list; raises Unseen where its controls already show nothing."""
    await _refuse_foreign_alias(visit, host)
    return await _Round(visit, host).run()


async def _refuse_foreign_alias(visit: Visit, host: str) -> None:
    """A consent covers what the company runs; an alias into someone else's domain leads to someone else."""
    resolution = await visit.door.resolve(host)
    if any(targets.registrable(alias) != targets.registrable(host) for alias in resolution.cname_chain):
        raise Unseen(Reason.NOT_CONSENTED, "alias")


@record
class _Control:
    """A path that cannot exist, and what the host says of it."""

    path: str
    response: Response


@record
class _Answer:
    """What a path answered, and what it looks like before the controls have spoken; without a find, without a body."""

    wanted: Path
    response: Response
    found: tuple[str, ...] = ()
    is_usual: bool = False  # the host says the same of a path that cannot exist


class _Round:
    """One host, once through the list."""

    def __init__(self, visit: Visit, host: str) -> None:
        self._visit = visit
        self._host = host
        self._word = token_hex(8)
        self._origin = f"https://{token_hex(8)}.invalid"
        self._answers: dict[str, _Answer] = {}
        self._controls: dict[Key, tuple[_Control, ...]] = {}
        self._purposes: dict[str, str] = {}
        self._signs: dict[str, tuple[str, ...]] = {}
        self._unclear: dict[str, Reason] = {}
        self._front: _Control | None = None
        self._ended: Reason | None = None
        self._failures = 0
        self._until = asyncio.get_running_loop().time() + SECONDS

    async def run(self) -> Observation:
        first = [await self._first_control(), await self._first_control()]
        self._controls["", "", "GET"] = tuple(first)
        for control in first:
            self._note(control.path, _faults(control.response))
        front = await self._ask_front()
        number = str(randbelow(10**30)).zfill(30)
        listed = unpublished.filled_in(host=self._host, word=self._word, number=number)
        await self._ask_all([*listed, *_named_by(front, self._host)])
        await self._ask_all(self._neighbours())
        await self._follow()
        await self._look_again(first[0])
        await self._settle_all(tuple(self._answers.values()))
        further = tuple(self._further())
        await self._ask_all(further)
        await self._settle_all(answer for one in further if (answer := self._answers.get(one.path)))
        return self._seen(first)

    def _seen(self, first: list[_Control]) -> UnpublishedPaths:
        return UnpublishedPaths(
            at=self._visit.at,
            answers={path: _kept(answer.response, self._signs.get(path, ())) for path, answer in self._answers.items()},
            controls=tuple(_kept(control.response, ()) for control in first),
            purposes=self._purposes,
            signs=self._signs,
            unclear=self._unclear,
            address=first[0].response.address,
        )

    # --- asking ---

    async def _first_control(self) -> _Control:
        path = f"/{token_hex(12)}"
        return _Control(path=path, response=await self._get(Path(path=path, purpose=Purpose.ERROR)))

    async def _ask_front(self) -> Response | None:
        """The start page as a foreign page would load it: who may read it, and what it names."""
        try:
            response = await self._get(unpublished.FRONT, Origin=self._origin)
            signs = _origins(response, self._origin)
            if response.status in REFUSING:  # the origin, perhaps: without one the page may still come
                response = await self._get(unpublished.FRONT)
            if (where := _own_redirect(response, self._host)) is not None:
                response = await self._get(replace(unpublished.FRONT, path=where))
        except Unseen as unseen:
            self._purposes["/"], self._unclear["/"] = Purpose.FRONT, unseen.reason
            return None
        self._purposes["/"] = Purpose.FRONT
        self._note("/", signs)
        self._front = _Control(path="/", response=response)
        wanted = replace(unpublished.FRONT, signs=(*unpublished.FRONT.signs, *_signs_of(Purpose.ENGINE)))
        self._answers["/"] = _Answer(wanted=wanted, response=response, found=_recognised(wanted, response))
        return response

    async def _ask_all(self, wanted: Iterable[Path]) -> None:
        """In the order of the list, so many at once: what is settled first is what harms most."""
        waiting = iter(tuple(wanted))

        async def work() -> None:
            for one in waiting:
                await self._ask(one)

        async with asyncio.TaskGroup() as group:
            for _number in range(AT_ONCE):
                group.create_task(work())

    async def _ask(self, wanted: Path) -> None:
        self._purposes[wanted.path] = wanted.purpose
        if self._is_over() is not None:
            self._unclear[wanted.path] = self._ended or Reason.DEADLINE
            return
        try:
            response = await self._get(wanted)
        except Unseen as unseen:
            self._unclear[wanted.path] = unseen.reason
            self._failures += 1
            if unseen.reason in {Reason.BUDGET, Reason.THROTTLED} or self._failures >= MOST_FAILURES:
                self._ended = unseen.reason
            return
        self._failures = 0
        found = _recognised(wanted, response)
        if wanted.purpose is Purpose.ERROR:
            self._note(wanted.path, _faults(response))
        answer = _Answer(wanted=wanted, response=response, found=found)
        self._answers[wanted.path] = replace(
            answer,
            is_usual=self._is_like_a_control(answer),
            response=response if found else replace(response, body=""),
        )

    def _is_over(self) -> Reason | None:
        if self._ended is None and asyncio.get_running_loop().time() > self._until:
            self._ended = Reason.DEADLINE
        return self._ended

    async def _get(self, wanted: Path, **more: str) -> Response:
        headers = dict(more)
        if wanted.accept:
            headers["Accept"] = wanted.accept
        if wanted.first_bytes:
            headers["Range"] = f"bytes=0-{wanted.first_bytes - 1}"
        if wanted.content:
            headers["Content-Type"] = "application/json"
        response = await self._visit.fetcher.fetch(
            f"https://{self._host}{wanted.path}",
            method=wanted.method,
            at_most=wanted.at_most,
            headers=headers,
            content=wanted.content,
        )
        if challenges.is_challenge(response) or challenges.is_rejection(response):
            raise Unseen(Reason.CHALLENGED)
        if challenges.is_throttled(response):
            raise Unseen(Reason.THROTTLED)
        if response.status in OVERLOADED:
            raise Unseen(Reason.UNREACHABLE)
        return response

    def _neighbours(self) -> list[Path]:
        """What is only worth asking for where the path beside it is there, be it guarded."""
        return [
            neighbour
            for path, neighbour in unpublished.NEIGHBOURS.items()
            if (answer := self._answers.get(path)) is not None and not answer.is_usual
        ]

    async def _follow(self) -> None:
        """One step further on the same host where a panel only leads to its log-in, as /admin/ does."""
        moved = [
            (answer, where)
            for answer in self._answers.values()
            if answer.wanted.purpose in GUARDED
            and (where := _own_redirect(answer.response, self._host)) is not None
            and not answer.is_usual
            # Elsewhere waits the log-in of everybody.
            and (answer.wanted.purpose is Purpose.CMS or where.startswith(answer.wanted.path))
        ]
        for answer, where in moved[:MOST_FOLLOWED]:
            if self._is_over() is None:
                await self._ask(replace(answer.wanted, path=where))

    async def _look_again(self, first: _Control) -> None:
        """Whether a wall came up on the way: then the same refusal of the paths before it says nothing either."""
        latest = next(reversed(self._answers.values()), None)
        status = latest.response.status if latest is not None else 0
        if status < 400 or status == first.response.status:  # noqa: PLR2004 - from here on HTTP refuses
            return
        try:
            last = await self._get(Path(path=f"/{token_hex(12)}", purpose=Purpose.ERROR))
        except Unseen:
            return
        if last.status == first.response.status or last.status < 400:  # noqa: PLR2004 - it answers as it did, or better
            return
        for path, answer in reversed(tuple(self._answers.items())):
            if answer.response.status != last.status:
                return
            del self._answers[path]
            self._unclear[path] = Reason.CHALLENGED

    def _further(self) -> Iterator[Path]:
        """What is asked only because of a find: each a page or a head more."""
        for path, signs in self._signs.items():
            told = dict(sign.partition(":")[::2] for sign in signs)
            if "introspection" in told or "graphql" in told:
                yield replace(unpublished.graphql_page(path), path=f"{path}?")
            if "actuator-inner" in told:
                yield unpublished.inner_actuator(told["actuator-inner"])
            if "engine" in told:
                yield unpublished.ENGINE_VERSION

    # --- settling ---

    async def _settle_all(self, answers: Iterable[_Answer]) -> None:
        for answer in tuple(answers):
            path = answer.wanted.path
            if not answer.found or path not in self._answers:
                continue
            try:
                if not await self._is_explained(answer):
                    self._note(path, answer.found)
                    continue
            except Unseen as unseen:
                self._unclear[path] = unseen.reason
            self._answers[path] = replace(answer, response=replace(answer.response, body=""))

    async def _is_explained(self, answer: _Answer) -> bool:
        """Whether a path that cannot exist, of the same folder and kind, says the same."""
        if self._is_like_a_control(answer):
            return True
        key = _key(answer.wanted)
        if key not in self._controls:
            if (over := self._is_over()) is not None:
                raise Unseen(over)
            self._controls[key] = (await self._control(answer.wanted), await self._control(answer.wanted))
        return self._is_like_a_control(answer)

    def _is_like_a_control(self, answer: _Answer) -> bool:
        path, wanted = answer.wanted.path, answer.wanted
        controls = [*self._controls.get(("", "", "GET"), ()), *self._controls.get(_key(wanted), ())]
        if self._front is not None and wanted.form is Form.PAGE and wanted.purpose not in LISTABLE:
            controls.append(self._front)
        return any(
            likeness.alike(answer.response, path, control.response, control.path)
            or set(_recognised(replace(wanted, path=control.path), control.response)) & set(answer.found)
            for control in controls
        )

    async def _control(self, wanted: Path) -> _Control:
        folder, extension, _method = _key(wanted)
        _path, mark, query = wanted.path.partition("?")
        path = f"{folder}/{token_hex(8)}{'.' if extension else ''}{extension}{mark}{query}"
        return _Control(path=path, response=await self._get(replace(wanted, path=path)))

    def _note(self, path: str, signs: tuple[str, ...]) -> None:
        if signs:
            self._signs[path] = tuple(dict.fromkeys((*self._signs.get(path, ()), *signs)))


# --- recognising -------------------------------------------------------------------------------


def _recognised(wanted: Path, response: Response) -> tuple[str, ...]:
    """The names of the signs in an answer, what it repeats of the address left out."""
    if wanted.form is Form.FILE and likeness.is_page(response):
        return ()
    body = likeness.without_echo(response.body, wanted.path)
    signs = (*wanted.signs, *(WIZARDS if wanted.form is Form.PAGE and response.status in FOUND else ()))
    signs = (*signs, FIRST_PASSWORD) if wanted.purpose in GUARDED else signs
    found = [name for sign in signs if (name := _name(sign, response, body))]
    if wanted.purpose in GUARDED and response.status in FOUND and html.read(response.body).asks_password:
        found.append("asks-password")
    if wanted.purpose in GUARDED and response.status == 401 and response.values("www-authenticate"):  # noqa: PLR2004 - who asks
        found.append("asks-basic")
    return tuple(dict.fromkeys(found))


def _name(sign: Sign, response: Response, body: str) -> str:
    """The sign's name if the answer bears it, with what its last pattern captured."""
    wanted = FOUND if sign.status == 200 else {sign.status or response.status}  # noqa: PLR2004 - OK
    if response.status not in wanted:
        return ""
    lines = "\n".join(f"{name}: {value}" for name, value in response.headers)
    if sign.header and _compiled(f"(?m){sign.header}").search(lines) is None:
        return ""
    captured = ""
    for pattern in sign.body:
        match = _compiled(pattern).search(body)
        if match is None:
            return ""
        captured = next((group for group in match.groups() if group), captured)
    return f"{sign.name}:{captured}" if captured and _CAPTURED.match(captured) else sign.name


def _faults(response: Response) -> tuple[str, ...]:
    """What the answer for a path that does not exist shows of the inside."""
    traces = [f"trace:{name}" for name, pattern in errors.TRACES if _compiled(pattern).search(response.body)]
    pages = [f"debug:{name}" for name, pattern in errors.DEBUG_PAGES if _compiled(pattern).search(response.body)]
    told = [f"debug:{name}" for name, header in errors.DEBUG_HEADERS if response.values(header)]
    return tuple(dict.fromkeys((*traces, *pages, *told)))


def _origins(response: Response, asked: str) -> tuple[str, ...]:
    """Whether the answer lets the foreign page read it."""
    allowed = {value.strip() for value in response.values("access-control-allow-origin")}
    signs = {asked: "origin-reflected", "null": "origin-null", "*": "origin-any"}
    found = [name for value, name in signs.items() if value in allowed]
    with_credentials = "true" in {
        value.strip().lower() for value in response.values("access-control-allow-credentials")
    }
    return (*found, "origin-credentials") if found and with_credentials else tuple(found)


def _signs_of(purpose: Purpose) -> tuple[Sign, ...]:
    return tuple(sign for one in unpublished.PATHS if one.purpose is purpose for sign in one.signs)


def _named_by(front: Response | None, host: str) -> Iterator[Path]:
    """What the start page leads to: maps beside its scripts, a folder of its files, a description, a FHIR base."""
    label = host.partition(".")[0]
    bases = [""] if label in {"fhir", "hapi"} else []
    if front is not None and front.status in FOUND:
        loads = html.loads(html.read(front.body), front.url)
        own = [load for load in loads if urls.host(load.url) == host and urls.split(load.url).path.count("/") > 0]
        scripts = dict.fromkeys(urls.split(load.url).path for load in own if load.tag == "script")
        yield from (
            unpublished.source_map(f"{path}.map") for path in tuple(scripts)[:MOST_MAPS] if path.endswith(".js")
        )
        folders = dict.fromkeys(urls.split(load.url).path.rpartition("/")[0] for load in own)
        yield from (unpublished.in_folder(f"{folder}/") for folder in [one for one in folders if one][:1])
        links = (urls.join(front.url, element.get("href")) for element in html.read(front.body).all("a", "link"))
        told = [urls.split(link).path for link in links if urls.host(link) == host and _DESCRIPTION.search(link)]
        yield from (unpublished.description(path) for path in told[:1] if path not in LISTED)
        match = re2.search(_FHIR_BASE % re2.escape(host), front.body)
        bases += [match.group(1)] if match is not None else []
    yield from (one for base in bases[:1] if (one := unpublished.counting(base)).path not in LISTED)


def _key(wanted: Path) -> Key:
    plain = wanted.path.partition("?")[0].rstrip("/")
    folder, _slash, name = plain.rpartition("/")
    return folder, name.lstrip(".").partition(".")[2], wanted.method


def _own_redirect(response: Response, host: str) -> str | None:
    """The path a redirect leads to on the same host; None for the start page and for anything elsewhere."""
    if response.status not in REDIRECTS:
        return None
    target = next((urls.join(response.url, value) for value in response.values("location")), "")
    parts = urls.split(target)
    is_here = urls.scheme(target) == "https" and urls.host(target) == host
    return f"{parts.path}?{parts.query}" if is_here and parts.path not in {"", "/"} else None


# --- keeping -----------------------------------------------------------------------------------


def _kept(response: Response, signs: tuple[str, ...]) -> Response:
    """What is stored of an answer: no body but a description's operations, no cookie, no query, no whole digest."""
    headers = tuple(
        (name, (value.partition("?")[0] if name == "location" else value)[:LONGEST_NAME])
        for name, value in response.headers
        if name in KEPT_HEADERS or name.startswith(RATE_HEADERS)
    )
    return replace(
        response,
        headers=headers,
        body=_operations(response.body) if "description" in signs else "",
        body_sha256=response.body_sha256[:DIGEST] if signs else "",
    )


def _operations(body: str) -> str:
    """A description of an interface cut down to its operations and what guards them; "" where it cannot be read."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    listed = document.get("paths") if isinstance(document, dict) else None
    if not isinstance(listed, dict):
        return ""
    kept = {
        path[:LONGEST_NAME]: {
            method: {"security": _guards(operation.get("security", document.get("security")))}
            for method, operation in operations.items()
            if method in METHODS and isinstance(operation, dict)
        }
        for path, operations in tuple(listed.items())[:MOST_OPERATIONS]
        if isinstance(operations, dict)
    }
    return json.dumps({"openapi": "", "paths": kept})


def _guards(security: object) -> list[str]:
    """The names of what guards an operation; none where a log-in is optional."""
    asked = [one for one in security if isinstance(one, dict)] if isinstance(security, list) else []
    if not all(asked):  # an empty requirement among them: nothing is needed
        return []
    return sorted({str(name)[:LONGEST_NAME] for one in asked for name in one})
