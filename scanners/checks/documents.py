"""Which response of a page load may be judged: the host's own, and neither an error page nor a bot challenge."""

from collections.abc import Callable

from scanners.checking import BLINDNESS, not_applicable, unknown
from scanners.model import N_, Observations, Verdict
from scanners.observations import LoginPage, Page, Reason, Response
from scanners.parsing import challenges, urls

ANSWERED = range(200, 300)
REDIRECTED = range(300, 400)
DENIED = frozenset({401, 403})  # the application itself may answer so; a firewall as well
# Servers that stand in front of an application and refuse in its place.
FIREWALL_SERVERS = (
    *("akamaighost", "sucuri", "incapsula", "imperva", "big-ip", "ddos-guard", "fortiweb"),
    *("awselb", "cloudfront", "microsoft-azure-application-gateway"),
)

NO_ANSWER = N_("There was no answer to judge.")
REDIRECTS_AWAY = N_("The start page only leads to %(host)s, which is judged on its own or lies outside this scan.")
ERROR_PAGE = N_("The start page answered with status %(status)d; an error page says nothing about the application.")
FIREWALL = BLINDNESS[Reason.CHALLENGED]
NOT_HTML = N_("The start page is not an HTML page.")

Judge = Callable[[Observations, Response], Verdict]


def on_document(judge: Judge) -> Callable[[Observations], Verdict]:
    """Hand the document the load ended in to the judgement, or say why there is none."""

    def judged(seen: Observations) -> Verdict:
        found = document(seen)
        return found if isinstance(found, Verdict) else judge(seen, found)

    return judged


def on_html(judge: Judge) -> Callable[[Observations], Verdict]:
    """As on_document, for judgements that only make sense on an HTML page."""

    def judged(seen: Observations, found: Response) -> Verdict:
        return judge(seen, found) if is_html(found) else not_applicable(NOT_HTML)

    return on_document(judged)


def document(seen: Observations) -> Response | Verdict:
    """The document of this host, or the verdict that there is none to judge."""
    page = seen[Page]
    if not page.hops:
        return unknown(NO_ANSWER)
    last = page.document
    if page.left_host_to is not None:
        return not_applicable(REDIRECTS_AWAY, host=page.left_host_to)
    if not is_own(seen, last):
        return not_applicable(REDIRECTS_AWAY, host=urls.host(last.url))
    if is_blocked(last):
        return unknown(FIREWALL)
    if last.status not in ANSWERED and last.status not in DENIED:
        return unknown(ERROR_PAGE, status=last.status)
    return last


def own_responses(seen: Observations) -> tuple[Response, ...]:
    """Every hop of the load and every log-in page that this host itself answered over TLS, redirects included."""
    login = seen.find(LoginPage)
    pages = (*seen[Page].hops, *(login.pages if login is not None else ()))
    return tuple(
        response
        for response in pages
        if urls.scheme(response.url) == "https" and is_own(seen, response) and is_application(response)
    )


def html_pages(seen: Observations, found: Response) -> tuple[Response, ...]:
    """The document and the log-in pages, each address once."""
    login = seen.find(LoginPage)
    pages = (found, *(login.pages if login is not None else ()))
    once = {page.url: page for page in reversed(pages) if is_application(page) and is_html(page)}
    return tuple(reversed(once.values()))


def is_own(seen: Observations, response: Response) -> bool:
    """Whether this host answered, or the same name with or without www."""
    return urls.host(response.url).removeprefix("www.") == seen.subject.name.removeprefix("www.")


def is_application(response: Response) -> bool:
    """Whether the application spoke, not an error page or something in front of it."""
    spoke = response.status in ANSWERED or response.status in REDIRECTED or response.status in DENIED
    return spoke and not is_blocked(response)


def is_blocked(response: Response) -> bool:
    """Whether a firewall or bot defence answered in place of the application."""
    if challenges.is_challenge(response):
        return True
    servers = " ".join(response.values("server")).lower()
    return response.status == 403 and any(name in servers for name in FIREWALL_SERVERS)  # noqa: PLR2004 - Forbidden


def is_html(response: Response) -> bool:
    """Whether a browser would show it as a page."""
    kind = " ".join(response.values("content-type")).lower()
    return "html" in kind if kind else response.body.lstrip()[:1] == "<"


def header(response: Response, name: str) -> str:
    """All values of a header joined as HTTP does (RFC 9110 section 5.3)."""
    return ", ".join(value.strip() for value in response.values(name))
