"""The whole view: the twelve tests over a site, and the site as one scan of ours has seen it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from scanners.model import N_, Observations, SubjectKind
from scanners.observations import CleartextPage, Page, Reason, Response, UnpublishedPaths
from scanners.observatory import content_security, cookies, grading, headers, redirection, scripts
from scanners.observatory.site import Answer, Site, Test
from scanners.parsing import html
from scanners.records import record

TESTS: tuple[Callable[[Site], Test], ...] = (
    content_security.judge,
    cookies.judge,
    headers.embedder_policy,
    headers.opener_policy,
    headers.resource_sharing,
    redirection.judge,
    headers.referrer,
    headers.transport_security,
    scripts.judge,
    headers.sniffing,
    headers.framing,
    headers.resource_policy,
)
EQUIVALENTS = frozenset({"content-security-policy", "referrer-policy", "cross-origin-resource-policy"})


FOREIGN = "https://foreign.invalid"

HEAD = N_(
    "%(host)s: %(grade)s (%(score)s points), %(passed)s of %(count)s tests passed, as the MDN HTTP Observatory counts"
)
NO_GRADE = N_("no grade, for no page with a status of 2xx was seen")


@record
class Report:
    """The tests with score and grade."""

    tests: tuple[Test, ...]
    score: int
    grade: str
    unseen: tuple[str, ...] = ()  # tests that count as if nothing were there, because nothing could be seen

    @property
    def passed(self) -> int:
        """How many tests passed."""
        return sum(test.passed for test in self.tests)


def report(site: Site) -> Report:
    """All twelve tests."""
    tests = tuple(test(site) for test in TESTS)
    points = grading.score(tests)
    return Report(tests=tests, score=points, grade=grading.grade(points))


def of(seen: Observations) -> Report | None:
    """The report on a host that was scanned; None where the Observatory would give none: no page with status 2xx."""
    page, cleartext = seen.find(Page), seen.find(CleartextPage)
    document = page.document if page else cleartext.hops[-1] if cleartext and cleartext.hops else None
    if document is None or not 200 <= document.status < 300:  # noqa: PLR2004 - success in HTTP
        return None
    return replace(report(_site(seen, document)), unseen=_unseen(seen))


def _unseen(seen: Observations) -> tuple[str, ...]:
    """A closed port is a fact; an answer that did not come is none."""
    secure = seen.blindness(Page)
    names = ["redirection"] if seen.find(CleartextPage) is None else []
    if secure is not None and secure.reason is not Reason.REFUSED:
        names.append("strict-transport-security")
    return tuple(names)


def _site(seen: Observations, document: Response) -> Site:
    page, cleartext = seen.find(Page), seen.find(CleartextPage)
    shared, asked = _cross_origin(seen, document)
    return Site(
        host=seen.subject.name,
        url=document.url,
        document=_answer(document),
        html=document.body,
        https=_answer(page.document) if page else None,
        http=_answer(cleartext.hops[-1]) if cleartext and cleartext.hops else None,
        http_route=_route(cleartext.hops) if cleartext else (),
        https_route=_route(page.hops) if page else (),
        cross_origin=shared,
        cross_origin_asked=asked,
        preloaded=seen.data.preloaded.get,
    )


def equivalents(text: str) -> Mapping[str, tuple[str, ...]]:
    """What <meta> elements say in the place of headers. Unlike browsers it forgives blanks around the name."""
    found: dict[str, tuple[str, ...]] = {}
    for meta in html.read(text).all("meta"):
        given, plain = meta.get("http-equiv").strip().lower(), meta.get("name").strip().lower()
        name = given if given in EQUIVALENTS else "referrer-policy" if plain == "referrer" else ""
        if name:
            found[name] = (*found.get(name, ()), meta.get("content"))
    return found


def by_host(seen: Iterable[Observations]) -> dict[str, object]:
    """Every host's report for other programs, in the Observatory's words; null where there is none."""
    hosts = (one for one in seen if one.subject.kind is SubjectKind.HOST)
    return {one.subject.name: _document(view) if (view := of(one)) else None for one in hosts}


def told(seen: Iterable[Observations], translate: Callable[[str], str] = str) -> str:
    """Every host's report for people."""
    hosts = (one for one in seen if one.subject.kind is SubjectKind.HOST)
    return "\n\n".join(_table(one.subject.name, of(one), translate) for one in hosts)


def _document(view: Report) -> dict[str, object]:
    return {
        "grade": view.grade,
        "score": view.score,
        "tests_passed": view.passed,
        "tests_quantity": len(view.tests),
        "unseen": view.unseen,
        "tests": {
            test.name: {"result": test.result, "pass": test.passed, "score_modifier": grading.modifier(test)}
            for test in view.tests
        },
    }


def _table(host: str, view: Report | None, translate: Callable[[str], str]) -> str:
    if view is None:
        return f"{host}: {translate(NO_GRADE)}"
    head = translate(HEAD) % {
        "host": host,
        "grade": view.grade,
        "score": view.score,
        "passed": view.passed,
        "count": len(view.tests),
    }
    lines = [f"  {_mark(test, view)} {grading.modifier(test):>+4} {test.name:<32} {test.result}" for test in view.tests]
    return "\n".join([head, *lines])


def _mark(test: Test, view: Report) -> str:
    if test.name in view.unseen:
        return "?"
    return "✓" if test.passed else "✕"


def _cross_origin(seen: Observations, document: Response) -> tuple[Answer, str]:
    """The answer to a foreign page where the active class has asked for one, else what the document tells everybody."""
    paths = seen.find(UnpublishedPaths)
    if paths is None or not {"origin-reflected", "origin-credentials"} <= set(paths.signs.get("/", ())):
        return _answer(document), ""
    headers = (("access-control-allow-origin", FOREIGN), ("access-control-allow-credentials", "true"))
    return Answer(status=document.status, headers=headers), FOREIGN


def _answer(response: Response) -> Answer:
    return Answer(
        status=response.status,
        headers=response.headers,
        verified=response.tls_verified is not False,
        equivalents=equivalents(response.body),
    )


def _route(hops: tuple[Response, ...]) -> tuple[tuple[str, int], ...]:
    return tuple((hop.url, hop.status) for hop in hops)
