"""Accounts: whether machines are slowed down where they are made and used, and where a password is changed."""

from dataclasses import replace

import re2

from scanners.checking import check, info, not_applicable, ok, unknown
from scanners.checks.documents import REDIRECTED, header, html_pages, on_document
from scanners.checks.wording import listing, shortened
from scanners.model import N_, CheckClass, Observations, Refs, Severity, Verdict
from scanners.observations import LoginPage, Page, Response, WellKnown
from scanners.parsing import html, urls

REFS = Refs(
    measures=(10,),
    iso27001=("A.8.5",),
    owasp2021="A07",
    owasp2025="A07",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("OWASP ASVS 5.0 V6.3.1",),
)
REGISTRATION = re2.compile(
    r"(?i)regist(?:er|rier|ration)|sign[-_ ]?up|create[-_ ]?account|konto[-_ ]?(?:anlegen|erstellen)"
)
_WIDGET = re2.compile(
    r"(?i)\b(?:g-recaptcha|grecaptcha|recaptcha/api|hcaptcha|cf-turnstile|challenges\.cloudflare\.com/turnstile|frc-captcha"
    r"|friendlycaptcha|altcha|mtcaptcha|captcha)"
)
LIMITING = ("ratelimit", "x-ratelimit", "x-rate-limit", "retry-after")


@check(
    "auth.self-registration-bot",
    title=N_("Log-in and registration show a guard against machines"),
    severity=Severity.INFO,
    needs=(Page, LoginPage),
    refs=REFS,
    why=N_(
        "Machines try stolen passwords and open false accounts by the thousand. "
        "A guard may work without a sign, so this is a reason to ask, not a fault."
    ),
    fix=N_("Limit attempts by account and address, and slow down or ask for more after a few of them."),
    example="limit_req_zone $binary_remote_addr zone=login:10m rate=5r/m;   # nginx",
)
@on_document
def machines_are_slowed_down(seen: Observations, document: Response) -> Verdict:
    pages = [page for page in html_pages(seen, document) if _takes_accounts(page)]
    if not pages:
        return not_applicable(N_("No form for logging in or registering was seen."))
    for page in pages:
        if (match := _WIDGET.search(page.body)) is not None:
            return ok(N_("The page carries: %(hint)s."), hint=match.group(0))
        if told := [name for name, _value in page.headers if name.startswith(LIMITING)]:
            return ok(N_("Headers that speak of a limit: %(names)s."), names=listing(told))
    return info(N_("No sign of a guard was seen; ask for it in the questionnaire."))


def _takes_accounts(page: Response) -> bool:
    read = html.read(page.body)
    return read.asks_password or any(REGISTRATION.search(form.action or "") is not None for form in read.forms)


CHANGE_PASSWORD = "/.well-known/change-password"  # noqa: S105 - a path
CANNOT_EXIST = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200"


@check(
    "auth.change-password-wellknown",
    title=N_("Password managers find the page for changing a password"),
    severity=Severity.INFO,
    check_class=CheckClass.STANDARD,
    needs=(WellKnown,),
    refs=replace(
        REFS,
        measures=(7,),
        iso27001=("A.5.17",),
        gdpr=(),
        mdr=(),
        sources=("W3C A Well-Known URL for Changing Passwords",),
    ),
    why=N_(
        "After a theft of passwords, managers lead their users straight to this page. "
        "What is one click away is done; what must be searched for is put off."
    ),
    fix=N_("Redirect the well-known address to the page for changing the password."),
    example="location = /.well-known/change-password { return 302 /account/password; }   # nginx",
)
def password_change_is_found(seen: Observations) -> Verdict:
    served = seen[WellKnown].documents
    answer, control = served.get(CHANGE_PASSWORD), served.get(CANNOT_EXIST)
    if answer is None or control is None:
        return unknown(N_("The document was not asked for in this scan."))
    leads = _leads(answer, CHANGE_PASSWORD)
    if leads and leads != _leads(control, CANNOT_EXIST):
        return ok(N_("The address leads to %(path)s."), path=shortened(leads))
    if answer.status in {200, *REDIRECTED} and answer.status == control.status:
        return info(N_("The host answers every such address alike, so nothing can be concluded."))
    return info(N_("The address leads nowhere."))


def _leads(answer: Response, asked: str) -> str:
    """Where the answer came from or leads, when that is not the address asked for."""
    parts = urls.split(urls.join(answer.url, header(answer, "location")) or answer.url)
    return "" if parts.path == asked else f"{parts.hostname or ''}{parts.path}"
