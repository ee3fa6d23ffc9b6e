"""How cookies and session tokens are guarded on their way and in the browser."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

from scanners.checking import check, fail, info, not_applicable, ok, warn
from scanners.checks.documents import header, html_pages, on_document, own_responses
from scanners.checks.wording import listing, shortened
from scanners.model import N_, Observations, Refs, Severity, Verdict
from scanners.observations import LoginPage, Page, Response
from scanners.parsing import cookies, hsts, html, tokens, urls
from scanners.parsing.cookies import Cookie
from scanners.targets import registrable

REFS = Refs(
    measures=(9, 10),
    iso27001=("A.8.5",),
    owasp2021="A07",
    owasp2025="A07",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("RFC 6265bis", "OWASP ASVS 5.0 V3.3", "MDN HTTP Observatory"),
)
HOUR = 3600
SHORT, LONG = 12 * HOUR, 24 * HOUR
NO_COOKIES = N_("No cookie is set.")
NO_SESSION = N_("No session cookie is set before signing in.")


def _cookies(seen: Observations) -> tuple[Cookie, ...]:
    """Every cookie this host sets over HTTPS, by its last header."""
    headers = chain.from_iterable(response.values("set-cookie") for response in own_responses(seen))
    parsed = (cookies.parse(text) for text in headers)
    by_name = {(cookie.name, cookie.domain): cookie for cookie in parsed if cookie and not cookie.is_deletion(seen.at)}
    return tuple(by_name.values())


def _sessions(seen: Observations) -> tuple[Cookie, ...]:
    return tuple(cookie for cookie in _cookies(seen) if cookie.is_session or tokens.jwts(cookie.value))


def _names(some: Iterable[Cookie]) -> str:
    return listing(cookie.name or "(…)" for cookie in some)


def _has_hsts(seen: Observations) -> bool:
    return any(hsts.parse(value) for hop in own_responses(seen) for value in hop.values("strict-transport-security"))


def _asks_password(seen: Observations, found: Response) -> bool:
    return any(html.read(page.body).asks_password for page in html_pages(seen, found))


@check(
    "session.cookie-secure",
    title=N_("Cookies travel only encrypted"),
    severity=Severity.HIGH,
    needs=(Page,),
    refs=replace(REFS, iso27001=("A.8.5", "A.8.26"), owasp2021="A05", owasp2025="A02"),
    why=N_(
        "A cookie without Secure is sent over HTTP as well, where everyone on the way can copy it. "
        "With a session cookie one is signed in as that person, without password and second factor."
    ),
    fix=N_("Set the attribute Secure on every cookie."),
    example="Set-Cookie: __Host-session=…; Path=/; Secure; HttpOnly; SameSite=Lax",
)
@on_document
def cookies_travel_encrypted(seen: Observations, _document: Response) -> Verdict:
    found = _cookies(seen)
    if not found:
        return not_applicable(NO_COOKIES)
    open_ones = [cookie for cookie in found if not cookie.secure]
    if not open_ones:
        return ok(N_("Cookies seen: %(count)d; all with Secure."), count=len(found))
    if sessions := [cookie for cookie in open_ones if cookie in _sessions(seen)]:
        return fail(N_("Session cookies without Secure: %(names)s."), names=_names(sessions))
    if _has_hsts(seen):
        return warn(N_("Without Secure, though HSTS covers this host: %(names)s."), names=_names(open_ones))
    return fail(N_("Without Secure: %(names)s."), names=_names(open_ones))


@check(
    "session.cookie-httponly",
    title=N_("Scripts cannot read session cookies"),
    severity=Severity.HIGH,
    needs=(Page,),
    refs=REFS,
    why=N_(
        "Injected code reads every cookie that lacks HttpOnly and sends it away. "
        "The attacker then goes on working in the session from elsewhere."
    ),
    fix=N_("Set the attribute HttpOnly on session cookies."),
    example="Set-Cookie: __Host-session=…; Path=/; Secure; HttpOnly; SameSite=Lax",
)
@on_document
def scripts_cannot_read_sessions(seen: Observations, _document: Response) -> Verdict:
    sessions = _sessions(seen)
    if not sessions:
        return not_applicable(NO_SESSION)
    if readable := [cookie for cookie in sessions if not cookie.http_only]:
        return fail(N_("Session cookies without HttpOnly: %(names)s."), names=_names(readable))
    return ok(N_("HttpOnly is set on: %(names)s."), names=_names(sessions))


@check(
    "session.cookie-samesite",
    title=N_("Foreign pages cannot send cookies along"),
    severity=Severity.MEDIUM,
    needs=(Page,),
    refs=replace(REFS, iso27001=("A.8.26",), owasp2021="A01", owasp2025="A01"),
    why=N_(
        "Without SameSite a foreign page can trigger actions in the name of whoever is signed in. "
        "Browsers differ in what they assume when the attribute is missing."
    ),
    fix=N_("Set SameSite=Lax or Strict; None only together with Secure and for a stated reason."),
    example="Set-Cookie: __Host-session=…; Path=/; Secure; HttpOnly; SameSite=Lax",
)
@on_document
def foreign_pages_cannot_send_cookies(seen: Observations, _document: Response) -> Verdict:
    found = _cookies(seen)
    if not found:
        return not_applicable(NO_COOKIES)
    if broken := _broken_same_site(found):
        return broken
    if missing := [cookie for cookie in found if cookie.same_site is None]:
        return info(N_("SameSite is missing, the browser decides: %(names)s."), names=_names(missing))
    if crossing := [cookie for cookie in found if cookie.same_site == "none"]:
        return info(N_("Sent along by foreign pages on purpose: %(names)s."), names=_names(crossing))
    return ok(N_("Cookies seen: %(count)d; all with SameSite Lax or Strict."), count=len(found))


def _broken_same_site(found: tuple[Cookie, ...]) -> Verdict | None:
    if bad := [cookie for cookie in found if cookie.same_site not in {None, "lax", "strict", "none"}]:
        return fail(N_("SameSite cannot be read on: %(names)s."), names=_names(bad))
    if bad := [cookie for cookie in found if cookie.same_site == "none" and not cookie.secure]:
        return fail(N_("SameSite=None without Secure: %(names)s."), names=_names(bad))
    if bad := [cookie for cookie in found if cookie.is_against_forgery and cookie.same_site is None]:
        return fail(N_("Cookies against forged requests without SameSite: %(names)s."), names=_names(bad))
    return None


@check(
    "session.cookie-prefix",
    title=N_("Session cookies are bound to the host by their name"),
    severity=Severity.INFO,
    needs=(Page,),
    refs=replace(
        REFS, measures=(9,), iso27001=("A.8.26",), owasp2021="A05", owasp2025="A02", mdr=(), sources=("RFC 6265bis",)
    ),
    why=N_(
        "The prefix __Host- makes the browser refuse a cookie that another host has planted. "
        "It costs nothing but the name."
    ),
    fix=N_("Name the session cookie with the prefix __Host-."),
    example="Set-Cookie: __Host-session=…; Path=/; Secure; HttpOnly; SameSite=Lax",
)
@on_document
def sessions_are_bound_by_name(seen: Observations, _document: Response) -> Verdict:
    prefixed = [cookie for cookie in _cookies(seen) if cookie.name.lower().startswith(("__host-", "__secure-"))]
    if broken := [cookie for cookie in prefixed if not _keeps_its_prefix(cookie)]:
        return fail(
            N_("Browsers refuse these cookies, they break the rule of their prefix: %(names)s."), names=_names(broken)
        )
    sessions = _sessions(seen)
    if not sessions:
        return not_applicable(NO_SESSION)
    if plain := [cookie for cookie in sessions if not cookie.name.lower().startswith("__host-")]:
        return info(N_("Without the prefix __Host-: %(names)s."), names=_names(plain))
    return ok(N_("With the prefix __Host-: %(names)s."), names=_names(sessions))


def _keeps_its_prefix(cookie: Cookie) -> bool:
    if not cookie.name.lower().startswith("__host-"):
        return cookie.secure
    return cookie.secure and cookie.domain is None and cookie.path == "/"


@check(
    "session.cookie-scope",
    title=N_("Session cookies stay with this host"),
    severity=Severity.MEDIUM,
    needs=(Page,),
    refs=replace(
        REFS,
        measures=(9,),
        iso27001=("A.8.26",),
        owasp2021="A01",
        owasp2025="A01",
        sources=("RFC 6265bis", "OWASP ASVS 5.0 V3.5.4"),
    ),
    why=N_(
        "A cookie for the whole domain is sent to every host below it, forgotten test systems included. "
        "Whoever takes over one of them collects the sessions of the portal."
    ),
    fix=N_("Leave the attribute Domain out."),
    example="Set-Cookie: __Host-session=…; Path=/; Secure; HttpOnly; SameSite=Lax",
)
@on_document
def sessions_stay_with_this_host(seen: Observations, _document: Response) -> Verdict:
    sessions = _sessions(seen)
    if not sessions:
        return not_applicable(NO_SESSION)
    whole = registrable(seen.subject.name)
    if wide := [
        cookie for cookie in sessions if cookie.domain is not None and registrable(cookie.domain) == cookie.domain
    ]:
        return warn(N_("Valid for all hosts below %(domain)s: %(names)s."), domain=whole, names=_names(wide))
    if wide := [cookie for cookie in sessions if cookie.domain is not None]:
        return info(N_("With a Domain attribute: %(names)s."), names=_names(wide))
    return ok(N_("Valid for this host alone: %(names)s."), names=_names(sessions))


@check(
    "session.cookie-lifetime",
    title=N_("Session cookies end after a shift at the latest"),
    severity=Severity.LOW,
    needs=(Page,),
    refs=replace(REFS, sources=("OWASP ASVS 5.0 V7.3.2", "own thresholds")),
    why=N_(
        "On shared workstations the next person takes over whatever session is left. "
        "A cookie that lives for days makes that the rule rather than the exception."
    ),
    fix=N_("Use cookies that end with the browser, or limit them to twelve hours."),
    example="Set-Cookie: __Host-session=…; Max-Age=28800; Path=/; Secure; HttpOnly; SameSite=Lax",
)
@on_document
def sessions_end_after_a_shift(seen: Observations, document: Response) -> Verdict:
    sessions = _sessions(seen)
    if not sessions:
        return not_applicable(NO_SESSION)
    lives = {cookie: cookie.lifetime(seen.at) or 0.0 for cookie in sessions}
    longest = max(lives.values())
    if longest <= SHORT:
        return ok(N_("No session cookie outlives twelve hours: %(names)s."), names=_names(sessions))
    is_log_in = longest > LONG and _asks_password(seen, document)
    names = _names(cookie for cookie in sessions if lives[cookie] > SHORT)
    return (warn if is_log_in else info)(
        N_("Up to %(hours)d hours: %(names)s."), hours=round(longest / HOUR), names=names
    )


@check(
    "session.token-in-url",
    title=N_("No address carries a session or access token"),
    severity=Severity.HIGH,
    needs=(Page,),
    refs=replace(REFS, iso27001=("A.8.5", "A.5.14"), sources=("OWASP ASVS 5.0 V14.2.1", "CWE-598")),
    why=N_(
        "Addresses end up in logs, histories, bookmarks and the referrer of other sites. "
        "Whoever reads them there takes over the session."
    ),
    fix=N_("Carry sessions in cookies and tokens in headers, never in addresses."),
    example="Set-Cookie: __Host-session=…; Path=/; Secure; HttpOnly; SameSite=Lax",
)
@on_document
def no_address_carries_a_token(seen: Observations, document: Response) -> Verdict:
    found = [
        f"{name} ({urls.host(url)}{urls.split(url).path.partition(';')[0]})"
        for url in dict.fromkeys(_addresses(seen, document))
        if registrable(urls.host(url)) == registrable(seen.subject.name) and (name := tokens.in_url(url))
    ]
    if found:
        return fail(N_("Found: %(names)s."), names=listing(found))
    return ok(N_("None of the redirects, links and forms seen carries one."))


def _addresses(seen: Observations, document: Response) -> Iterable[str]:
    for hop in seen[Page].hops:
        yield hop.url
        yield from (urls.join(hop.url, target) for target in hop.values("location"))
    for page in html_pages(seen, document):
        read = html.read(page.body)
        base = read.base(page.url)
        yield from (urls.join(base, element.get("href")) for element in read.all("a", "area"))
        yield from (urls.join(base, form.action or "") for form in read.forms)


@check(
    "session.cache-control",
    title=N_("Pages with a session are not stored by browsers"),
    severity=Severity.MEDIUM,
    needs=(Page, LoginPage),
    refs=replace(
        REFS,
        measures=(9,),
        iso27001=("A.8.12", "A.8.26"),
        owasp2021="A04",
        owasp2025="A06",
        sources=("OWASP ASVS 5.0 V14.3.2", "RFC 9111"),
    ),
    why=N_(
        "What a browser stores, the next user of a shared workstation finds with the back button. "
        "A proxy in between may even hand one person's session to another."
    ),
    fix=N_("Send Cache-Control: no-store on all pages behind and around the log-in."),
    example='add_header Cache-Control "no-store" always;',
)
@on_document
def session_pages_are_not_stored(seen: Observations, document: Response) -> Verdict:
    pages = html_pages(seen, document)
    with_session = [page for page in pages if any(_is_session(text) for text in page.values("set-cookie"))]
    with_login = [page for page in pages if html.read(page.body).asks_password]
    if not with_session and not with_login:
        return not_applicable(N_("No page with a log-in or a session was seen."))
    if stored := [page.url for page in with_session if not _is_kept_out_of_caches(page)]:
        return warn(N_("May be stored although it sets a session cookie: %(urls)s."), urls=listing(stored))
    if stored := [page.url for page in with_login if not _is_kept_out_of_caches(page)]:
        return info(N_("The log-in page may be stored: %(urls)s."), urls=listing(stored))
    return ok(N_("Not stored: %(urls)s."), urls=listing(page.url for page in (*with_session, *with_login)))


def _is_session(text: str) -> bool:
    cookie = cookies.parse(text)
    return cookie is not None and (cookie.is_session or bool(tokens.jwts(cookie.value)))


def _is_kept_out_of_caches(page: Response) -> bool:
    words = {word.partition("=")[0].strip().lower() for word in header(page, "cache-control").split(",")}
    return "no-store" in words or {"private", "no-cache"} <= words


@check(
    "session.jwt-weakness",
    title=N_("Tokens handed out are signed and expire"),
    severity=Severity.HIGH,
    needs=(Page,),
    refs=replace(REFS, owasp2021="A02", owasp2025="A04", sources=("RFC 8725", "OWASP ASVS 5.0 V9")),
    why=N_(
        "An unsigned token is rewritten by anyone who holds it, for example into another user's. "
        "One that never expires stays valid after it was stolen."
    ),
    fix=N_("Sign tokens with a fixed algorithm and give them an expiry within hours."),
)
@on_document
def tokens_are_signed_and_expire(seen: Observations, document: Response) -> Verdict:
    texts = [cookie.value for cookie in _cookies(seen)]
    texts += [text for hop in own_responses(seen) for _name, text in hop.headers]
    texts += [page.body for page in html_pages(seen, document)]
    found = {token for text in texts for token in tokens.jwts(text)}
    if not found:
        return ok(N_("No token is handed to visitors who have not signed in."))
    if any(token.algorithm.lower() == "none" for token in found):
        return fail(N_("A token without a signature is handed out (alg none)."))
    if any(token.expires is None for token in found):
        return warn(N_("A token without an expiry is handed out."))
    begins = seen.at.timestamp()
    longest = max((token.expires or begins) - (token.issued or begins) for token in found)
    if longest > LONG:
        return warn(N_("A token is valid for %(hours)d hours."), hours=round(longest / HOUR))
    algorithms = listing(shortened(token.algorithm) for token in found)
    return ok(N_("Tokens are signed (%(algorithms)s) and expire."), algorithms=algorithms)
