"""How the log-in pages that can be seen from outside treat a password."""

import json
from dataclasses import replace
from typing import Any

import re2

from scanners.checking import check, fail, info, not_applicable, ok, warn
from scanners.checks.documents import header, html_pages, is_html, on_document
from scanners.checks.wording import listing, shortened
from scanners.data import third_parties
from scanners.model import N_, CheckClass, Observations, Refs, Severity, Verdict
from scanners.observations import CleartextPage, LoginPage, Page, Response, WellKnown
from scanners.parsing import cookies, html, urls
from scanners.parsing.html import Element, Form
from scanners.targets import is_below, registrable

REFS = Refs(
    measures=(10,),
    iso27001=("A.8.5",),
    owasp2021="A07",
    owasp2025="A07",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("OWASP ASVS 5.0",),
)
NO_LOGIN = N_("No page with a password field was seen.")
# Sign-in services that are meant to receive passwords for others.
IDENTITY_PROVIDERS = (
    "microsoftonline.com",
    "b2clogin.com",
    "ciamlogin.com",
    "accounts.google.com",
    "auth0.com",
    "okta.com",
    "oktapreview.com",
    "onelogin.com",
    "pingone.eu",
    "pingone.com",
    "amazoncognito.com",
    "salesforce.com",
    "zitadel.cloud",
    "cloudiam.com",
)
_TOKEN_NAME = re2.compile(
    r"(?i)csrf|xsrf|authenticity_token|requestverificationtoken|__viewstate|form_build_id|execution|nonce|^_?token$"
)
_RANDOM = re2.compile(r"^[A-Za-z0-9+/=_.:\-]{20,}$")
_SECOND_FACTOR = re2.compile(
    r"(?i)\b(?:2fa|mfa|totp|fido2?|webauthn|passkeys?|two[- ]factor|multi[- ]?factor|second factor"
    r"|zwei-?faktor|mehr-?faktor|zweiter faktor|authenticator[- ]app|einmalpasswort|einmalcode)"
    r"|navigator\.credentials|autocomplete=.?one-time-code"
)
# Names of levels that cannot be reached with a password alone (OpenID EAP ACR, eIDAS, SAML context classes, providers).
_STRONG_LEVEL = re2.compile(
    r"(?i)\b(?:phrh?|mfa|2fa|otp)\b|multi-?factor|two-?factor|(?:^|[/:_\-])(?:high|substantial|hoch|substantiell)$"
    r"|(?:^|[/:])(?:aal|loa)-?[23]$|nist-800-63-3-aal[23]|timesynctoken|smartcardpki"
)


def _login_pages(seen: Observations, document: Response) -> tuple[Response, ...]:
    return tuple(page for page in html_pages(seen, document) if html.read(page.body).asks_password)


def _password_forms(page: Response) -> tuple[Form, ...]:
    return tuple(form for form in html.read(page.body).forms if form.asks_password)


def _target(page: Response, form: Form) -> str:
    return urls.join(html.read(page.body).base(page.url), form.action or "") or page.url


@check(
    "auth.password-form-insecure",
    title=N_("Passwords are asked for and sent only over HTTPS"),
    severity=Severity.CRITICAL,
    needs=(Page, LoginPage),
    refs=replace(
        REFS,
        measures=(8, 10),
        iso27001=("A.8.5", "A.8.24"),
        owasp2021="A02",
        owasp2025="A04",
        gdpr=("Art. 32 (1) a",),
        sources=("OWASP ASVS 5.0 V12.2.1",),
    ),
    why=N_(
        "A password that is typed on or sent to an unencrypted page can be read by anyone on the way. "
        "Many people use the same one elsewhere in the hospital."
    ),
    fix=N_("Deliver log-in pages over HTTPS alone and let their forms send to https:// addresses."),
    example='<form method="post" action="https://portal.example/login">',
)
@on_document
def passwords_travel_encrypted(seen: Observations, document: Response) -> Verdict:
    cleartext = seen.find(CleartextPage)
    open_pages = [hop for hop in (cleartext.hops if cleartext is not None else ()) if urls.scheme(hop.url) == "http"]
    if exposed := [hop.url for hop in open_pages if is_html(hop) and html.read(hop.body).asks_password]:
        return fail(N_("A password is asked for without encryption at %(urls)s."), urls=listing(exposed))
    pages = _login_pages(seen, document)
    if not pages:
        return not_applicable(NO_LOGIN)
    targets = [_target(page, form) for page in pages for form in _password_forms(page)]
    if insecure := [target for target in targets if urls.scheme(target) == "http"]:
        return fail(N_("A password is sent without encryption to %(urls)s."), urls=listing(insecure))
    return ok(N_("Encrypted: %(urls)s."), urls=listing(page.url for page in pages))


@check(
    "auth.password-form-offsite",
    title=N_("Passwords go to the vendor or a known sign-in service"),
    severity=Severity.MEDIUM,
    needs=(Page, LoginPage),
    refs=replace(
        REFS, measures=(4, 10), iso27001=("A.8.5", "A.5.19"), owasp2021="A08", owasp2025="A08", sources=("own rule",)
    ),
    why=N_(
        "A form that sends passwords to another domain involves a third party that nobody may have assessed. "
        "It can be a service provider, or the trace of a manipulated page."
    ),
    fix=N_("Let the form send to the vendor's own domain, or name the service provider in the questionnaire."),
    example='<form method="post" action="/login">',
)
@on_document
def passwords_stay_with_the_vendor(seen: Observations, document: Response) -> Verdict:
    pages = _login_pages(seen, document)
    if not pages:
        return not_applicable(NO_LOGIN)
    own = registrable(seen.subject.name)
    hosts = [urls.host(_target(page, form)) for page in pages for form in _password_forms(page)]
    foreign = [host for host in hosts if registrable(host) != own]
    if unknown_hosts := [host for host in foreign if not any(is_below(host, known) for known in IDENTITY_PROVIDERS)]:
        return warn(N_("Passwords are sent to %(hosts)s."), hosts=listing(unknown_hosts))
    if foreign:
        return ok(N_("Passwords are sent to the sign-in service %(hosts)s."), hosts=listing(foreign))
    return ok(N_("Passwords stay with %(domain)s."), domain=own)


@check(
    "auth.login-get-method",
    title=N_("Log-in forms do not put the password into the address"),
    severity=Severity.HIGH,
    needs=(Page, LoginPage),
    refs=replace(REFS, sources=("OWASP ASVS 5.0 V14.2.1", "OWASP ASVS 5.0 V3.5.3")),
    why=N_(
        "A form with the method GET writes the password into the address line, and so into histories and logs. "
        "There it stays readable for a long time, also for the next person at the workstation."
    ),
    fix=N_("Set method=post on every form with a password field."),
    example='<form method="post" action="/login">',
)
@on_document
def passwords_stay_out_of_addresses(seen: Observations, document: Response) -> Verdict:
    forms = [(page, form) for page in _login_pages(seen, document) for form in _password_forms(page)]
    if not forms:
        return not_applicable(NO_LOGIN)
    getting = [page.url for page, form in forms if (form.method or "").strip().lower() == "get"]
    # HTML's default is GET; a script may step in, which cannot be seen from outside.
    silent = [page.url for page, form in forms if not (form.method or "").strip()]
    if getting or (defaulted := [page.url for page, form in forms if not form.method and _leads_elsewhere(form)]):
        return fail(N_("The form uses GET at %(urls)s."), urls=listing(getting or defaulted))
    if silent:
        return warn(
            N_("The form names no method, so GET applies if no script steps in: %(urls)s."), urls=listing(silent)
        )
    return ok(N_("The form uses POST at %(urls)s."), urls=listing(page.url for page, _form in forms))


def _leads_elsewhere(form: Form) -> bool:
    """Whether the form names an address; "#" and javascript: are what scripts leave that send it themselves."""
    action = (form.action or "").strip().lower()
    return bool(action) and not action.startswith(("#", "javascript:"))


@check(
    "auth.csrf-token",
    title=N_("The log-in form is guarded against forged requests"),
    severity=Severity.LOW,
    needs=(Page, LoginPage),
    refs=replace(
        REFS,
        measures=(5, 10),
        iso27001=("A.8.26",),
        owasp2021="A01",
        owasp2025="A01",
        sources=("OWASP ASVS 5.0 V3.5.1",),
    ),
    why=N_(
        "Without a guard a foreign page can sign a user in to the attacker's account. "
        "What is then entered, such as patient data, lands there."
    ),
    fix=N_("Put a one-time token into the form, or set SameSite on the session cookie."),
    example='<input type="hidden" name="csrf_token" value="…">',
)
@on_document
def login_is_guarded_against_forgery(seen: Observations, document: Response) -> Verdict:
    pages = _login_pages(seen, document)
    forms = [form for page in pages for form in _password_forms(page)]
    if not forms:
        return not_applicable(NO_LOGIN)
    if all(any(_is_token(field) for field in form.fields) for form in forms):
        return ok(N_("The form carries a token."))
    headers = (text for page in (*seen[Page].hops, *pages) for text in page.values("set-cookie"))
    parsed = [cookie for text in headers if (cookie := cookies.parse(text)) is not None]
    if any(cookie.same_site in {"lax", "strict"} and cookie.is_session for cookie in parsed):
        return ok(N_("The session cookie carries SameSite."))
    return info(N_("Neither a token in the form nor SameSite on a session cookie was seen."))


def _is_token(field: Element) -> bool:
    is_hidden = field.tag == "input" and field.get("type").lower() == "hidden"
    named = _TOKEN_NAME.search(field.get("name")) is not None
    return is_hidden and (named or _RANDOM.match(field.get("value")) is not None)


@check(
    "auth.login-third-party-scripts",
    title=N_("No foreign scripts run where passwords are typed"),
    severity=Severity.MEDIUM,
    needs=(Page, LoginPage),
    refs=replace(
        REFS,
        measures=(4, 10),
        iso27001=("A.8.5", "A.5.21"),
        owasp2021="A08",
        owasp2025="A08",
        sources=("OWASP ASVS 5.0 V3.6.1", "OWASP ASVS 5.0 V14.2.3"),
    ),
    why=N_(
        "A script on the log-in page can read every keystroke, the password included. "
        "With a foreign one, its supplier and whoever breaks in there decide what it does."
    ),
    fix=N_("Serve scripts of log-in pages from the own host, and leave analytics out there."),
    example='<script src="/static/login.js"></script>',
)
@on_document
def no_foreign_scripts_at_the_login(seen: Observations, document: Response) -> Verdict:
    pages = _login_pages(seen, document)
    if not pages:
        return not_applicable(NO_LOGIN)
    own = registrable(seen.subject.name)
    loads = [load for page in pages for load in html.loads(html.read(page.body), page.url) if load.tag == "script"]
    foreign = [urls.host(load.url) for load in loads if urls.is_web(load.url) and not load.integrity]
    foreign = [host for host in foreign if registrable(host) != own]
    if trackers := [host for host in foreign if _is_tracker(host)]:
        return fail(N_("Trackers on the log-in page: %(hosts)s."), hosts=listing(trackers))
    if foreign:
        return warn(N_("Foreign scripts on the log-in page, without a checksum: %(hosts)s."), hosts=listing(foreign))
    return ok(N_("Only own scripts, or such with a checksum, on the log-in page."))


def _is_tracker(host: str) -> bool:
    party = third_parties.party_of(host)
    return party is not None and party.purpose in third_parties.TRACKING


@check(
    "auth.basic-over-http",
    title=N_("The browser's own log-in window is not used"),
    severity=Severity.HIGH,
    needs=(Page, CleartextPage),
    refs=replace(REFS, sources=("RFC 7617", "OWASP ASVS 5.0 V12.2.1")),
    why=N_(
        "HTTP Basic sends the password with every request, readable without encryption. "
        "It knows neither a second factor nor signing out."
    ),
    fix=N_("Use the application's own log-in with sessions; never offer Basic over HTTP."),
    example="return 301 https://$host$request_uri;",
)
def browser_login_is_not_used(seen: Observations) -> Verdict:
    hops = (*seen[CleartextPage].hops, *seen[Page].hops)
    asking = [(hop.url, scheme) for hop in hops for scheme in _schemes(hop) if scheme in {"basic", "ntlm"}]
    if open_ones := [url for url, _scheme in asking if urls.scheme(url) == "http"]:
        return fail(N_("Passwords are asked for over HTTP at %(urls)s."), urls=listing(open_ones))
    if asking:
        return warn(
            N_("The browser's log-in window is used at %(urls)s."), urls=listing(url for url, _scheme in asking)
        )
    return ok(N_("No answer asked for it."))


def _schemes(response: Response) -> set[str]:
    offered = header(response, "www-authenticate").lower().split(",")
    return {part.split()[0] for part in offered if part.split()}


@check(
    "auth.mfa-evidence",
    title=N_("The log-in hints at a second factor"),
    severity=Severity.INFO,
    check_class=CheckClass.STANDARD,
    needs=(Page, LoginPage),
    refs=replace(REFS, sources=("OWASP ASVS 5.0 V6.3.3", "CIR (EU) 2024/2690 point 11.7")),
    why=N_(
        "Stolen passwords are the most common way into hospitals; a second factor stops most of it. "
        "From outside it can only be seen in hints, so the questionnaire has the last word."
    ),
    fix=N_("Offer a second factor, better passkeys, and demand it from administrators and for remote access."),
)
@on_document
def login_hints_at_a_second_factor(seen: Observations, document: Response) -> Verdict:
    if hint := _published_hint(seen):
        return ok(N_("Published: %(hint)s."), hint=hint)
    pages = _login_pages(seen, document)
    if not pages:
        return not_applicable(NO_LOGIN)
    for page in pages:
        if (match := _SECOND_FACTOR.search(page.body)) is not None:
            return ok(N_("The log-in page mentions: %(hint)s."), hint=match.group(0))
    return info(N_("No hint was seen; ask for it in the questionnaire."))


def _published_hint(seen: Observations) -> str:
    published = seen.find(WellKnown)
    documents = published.documents if published is not None else {}
    for path, response in documents.items():
        if response.status != 200:  # noqa: PLR2004 - OK
            continue
        told = _object(response.body)
        if path.endswith("/webauthn") and isinstance(told.get("origins"), list):
            return "WebAuthn"
        if path.endswith("/openid-configuration") and (level := _strong_level(told.get("acr_values_supported"))):
            return f"acr_values_supported: {shortened(level)}"
    return ""


def _object(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _strong_level(levels: Any) -> str:
    """A level that speaks of a second factor; servers also list "0" and "1", which say nothing."""
    listed = [level for level in levels if isinstance(level, str)] if isinstance(levels, list) else []
    return next((level for level in listed if _STRONG_LEVEL.search(level) is not None), "")


@check(
    "auth.password-paste-blocked",
    title=N_("Password managers work with the log-in form"),
    severity=Severity.INFO,
    needs=(Page, LoginPage),
    refs=replace(REFS, iso27001=("A.5.17",), mdr=(), sources=("NIST SP 800-63B", "BSI IT-Grundschutz ORP.4")),
    why=N_(
        "Where filling in and pasting are blocked, people choose short passwords or note them on paper. "
        "A password manager would also notice a false log-in page."
    ),
    fix=N_("Mark the fields with autocomplete=username and current-password, and allow pasting."),
    example='<input type="password" autocomplete="current-password">',
)
@on_document
def password_managers_work(seen: Observations, document: Response) -> Verdict:
    fields = [
        field
        for page in _login_pages(seen, document)
        for field in html.read(page.body).elements
        if html.is_password(field)
    ]
    if not fields:
        return not_applicable(NO_LOGIN)
    if any("onpaste" in field.attributes or field.get("autocomplete").lower() == "off" for field in fields):
        return info(N_("The form blocks pasting or filling in."))
    return ok(N_("The form blocks neither pasting nor filling in."))
