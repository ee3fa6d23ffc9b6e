"""What the page's headers ask of the browser: no framing, no guessing, little referrer, separation."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import re2

from scanners.checking import check, fail, info, ok, warn
from scanners.checks.documents import header, html_pages, on_document, on_html
from scanners.checks.wording import listing, shortened
from scanners.model import N_, Observations, Refs, Severity, Verdict
from scanners.observations import Page, Response
from scanners.parsing import csp, html

REFS = Refs(
    measures=(5,),
    iso27001=("A.8.26",),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("OWASP Secure Headers", "MDN HTTP Observatory"),
)
INFO_REFS = replace(REFS, mdr=())
CAREFUL_REFERRERS = frozenset({"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"})
KNOWN_REFERRERS = CAREFUL_REFERRERS | {"origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade"}
SENSITIVE_FEATURES = ("camera", "microphone", "geolocation")
# Structured fields (RFC 9651): one token, case and all, with parameters behind it.
_TOKEN_WITH_PARAMETERS = re2.compile(r'^\s*([A-Za-z\-]+)(?:\s*;\s*[a-z_\-]+(?:=(?:"[^"]*"|[^\s;"]+))?)*\s*$')
MISSING = N_("The header is missing.")
SET_TO = N_("Set to: %(value)s")
UNREADABLE = N_("Browsers ignore the header, it cannot be read: %(value)s")


@check(
    "web.clickjacking",
    title=N_("Foreign pages cannot frame the application"),
    severity=Severity.MEDIUM,
    needs=(Page,),
    refs=replace(REFS, sources=("OWASP ASVS 5.0 V3.4.6", "CSP3 frame-ancestors", "RFC 7034")),
    why=N_(
        "A page that can be framed is laid invisibly over another one, so that users click what they do not see. "
        "Orders, releases or changes of access rights are triggered that way."
    ),
    fix=N_("Name in frame-ancestors who may frame the application, usually nobody or only itself."),
    example="add_header Content-Security-Policy \"frame-ancestors 'self'\" always;",
)
@on_html
def foreign_pages_cannot_frame(_seen: Observations, document: Response) -> Verdict:
    ancestors = [
        sources
        for policy in csp.parse(document.values("content-security-policy"))
        if (sources := policy.get("frame-ancestors")) is not None
    ]
    if ancestors:
        if all(csp.is_open(sources) for sources in ancestors):
            return fail(N_("frame-ancestors allows every page: %(value)s"), value=listing(ancestors[0]))
        return ok(N_("frame-ancestors allows: %(value)s"), value=listing(ancestors[0]) or "'none'")
    options = {value.strip().upper() for value in header(document, "x-frame-options").split(",") if value.strip()}
    if options and options <= {"DENY", "SAMEORIGIN"}:
        return ok(N_("X-Frame-Options is %(value)s."), value=listing(sorted(options)))
    if any(value.startswith("ALLOW-FROM") for value in options):
        return warn(N_("X-Frame-Options uses ALLOW-FROM, which browsers ignore today."))
    if options:
        return fail(UNREADABLE, value=listing(sorted(options)))
    return fail(N_("Neither frame-ancestors nor X-Frame-Options is set."))


@check(
    "web.content-type-options",
    title=N_("Browsers may not guess content types"),
    severity=Severity.LOW,
    needs=(Page,),
    refs=replace(REFS, sources=("OWASP ASVS 5.0 V3.4.4", "Fetch standard, nosniff")),
    why=N_(
        "A browser that guesses takes an uploaded document for a script if it looks like one. "
        "Portals accept files from outside: reports, images, referral letters."
    ),
    fix=N_("Send the header on every response."),
    example='add_header X-Content-Type-Options "nosniff" always;',
)
@on_document
def browsers_may_not_guess(_seen: Observations, document: Response) -> Verdict:
    values = document.values("x-content-type-options")
    if not values:
        return fail(MISSING)
    first = values[0].partition(",")[0].strip().lower()  # only the first value counts (Fetch standard)
    return ok(SET_TO, value="nosniff") if first == "nosniff" else fail(UNREADABLE, value=shortened(values[0]))


@check(
    "web.referrer-policy",
    title=N_("Other sites do not learn which page a user was on"),
    severity=Severity.LOW,
    needs=(Page,),
    refs=replace(
        REFS,
        measures=(7,),
        iso27001=("A.8.26", "A.5.34"),
        mdr=(),
        sources=("OWASP ASVS 5.0 V3.4.5", "W3C Referrer Policy"),
    ),
    why=N_(
        "Addresses of pages can hold names of departments, document numbers or tokens. "
        "A loose policy passes them on to every site that is linked or embedded."
    ),
    fix=N_("Set a strict policy for all pages."),
    example='add_header Referrer-Policy "strict-origin-when-cross-origin" always;',
)
@on_html
def referrer_is_careful(_seen: Observations, document: Response) -> Verdict:
    written = ", ".join((header(document, "referrer-policy"), *html.read(document.body).metas("referrer")))
    words = [word.strip().lower() for word in written.split(",") if word.strip()]
    if not words:
        return info(N_("No policy is set; browsers then use strict-origin-when-cross-origin."))
    known = [word for word in words if word in KNOWN_REFERRERS]
    if not known:
        return warn(UNREADABLE, value=listing(words))
    return (ok if known[-1] in CAREFUL_REFERRERS else warn)(SET_TO, value=known[-1])  # the last known word counts


@check(
    "web.permissions-policy",
    title=N_("Embedded pages get no access to camera, microphone and location"),
    severity=Severity.INFO,
    needs=(Page,),
    refs=replace(INFO_REFS, measures=(7,), sources=("OWASP Secure Headers", "W3C Permissions Policy")),
    why=N_(
        "The policy says which embedded content may ask for camera, microphone and location. "
        "In telemedicine an unclear answer invites prompts that patients confirm without thought."
    ),
    fix=N_("Set the header and allow only the functions the application needs."),
    example='add_header Permissions-Policy "camera=(), microphone=(), geolocation=()" always;',
)
@on_html
def embedded_pages_get_no_sensors(_seen: Observations, document: Response) -> Verdict:
    value = header(document, "permissions-policy")
    if not value:
        return info(MISSING)
    rules = dict(part.strip().partition("=")[::2] for part in value.lower().split(","))
    if opened := [name for name in SENSITIVE_FEATURES if "*" in rules.get(name, "")]:
        return info(N_("Allowed for every embedded page: %(features)s."), features=listing(opened))
    return ok(SET_TO, value=shortened(value))


def _isolation(
    name: str, *, good: Iterable[str], neutral: Iterable[str] = ()
) -> Callable[[Observations, Response], Verdict]:
    """The three isolation headers differ only in their words."""

    def judge(_seen: Observations, document: Response) -> Verdict:
        value = header(document, name)
        if not value:
            return info(MISSING)
        match = _TOKEN_WITH_PARAMETERS.match(value)
        word = match.group(1) if match is not None else ""
        if word in good:
            return ok(SET_TO, value=word)
        return info(SET_TO, value=word) if word in neutral else warn(UNREADABLE, value=shortened(value))

    return judge


opened_windows_are_separated = check(
    "web.coop",
    title=N_("Other sites get no handle on the application's window"),
    severity=Severity.INFO,
    needs=(Page,),
    refs=replace(INFO_REFS, sources=("OWASP ASVS 5.0 V3.4.8", "MDN HTTP Observatory")),
    why=N_(
        "A page that opens the application, or is opened by it, otherwise keeps a handle on its window. "
        "It can then swap the page behind a user's back for a false log-in."
    ),
    fix=N_("Send the header on all pages; sign-in in a pop-up window needs same-origin-allow-popups."),
    example='add_header Cross-Origin-Opener-Policy "same-origin" always;',
)(
    on_html(
        _isolation(
            "cross-origin-opener-policy",
            good=("same-origin", "same-origin-allow-popups", "noopener-allow-popups"),
            neutral=("unsafe-none",),
        )
    )
)

other_sites_cannot_embed_resources = check(
    "web.corp",
    title=N_("Other sites cannot load the application's resources"),
    severity=Severity.INFO,
    needs=(Page,),
    refs=replace(INFO_REFS, sources=("Fetch standard, CORP", "MDN HTTP Observatory")),
    why=N_(
        "Responses that any page may load can be read out through side channels of the processor. "
        "The header keeps them out of foreign pages altogether."
    ),
    fix=N_("Send the header on all responses that only the application itself needs."),
    example='add_header Cross-Origin-Resource-Policy "same-origin" always;',
)(on_document(_isolation("cross-origin-resource-policy", good=("same-origin", "same-site"), neutral=("cross-origin",))))

only_willing_resources_are_loaded = check(
    "web.coep",
    title=N_("The page loads only resources that agree to it"),
    severity=Severity.INFO,
    needs=(Page,),
    refs=replace(INFO_REFS, sources=("HTML standard, COEP", "MDN HTTP Observatory")),
    why=N_(
        "Together with the opener policy the header gives the page a process of its own in the browser. "
        "Data in its memory are then out of reach for other pages."
    ),
    fix=N_("Send the header once all embedded resources take part."),
    example='add_header Cross-Origin-Embedder-Policy "credentialless" always;',
)(
    on_html(
        _isolation("cross-origin-embedder-policy", good=("require-corp", "credentialless"), neutral=("unsafe-none",))
    )
)


@check(
    "web.deprecated-headers",
    title=N_("No withdrawn security headers are sent"),
    severity=Severity.INFO,
    needs=(Page,),
    refs=replace(INFO_REFS, iso27001=("A.8.9",), sources=("OWASP Secure Headers",)),
    why=N_(
        "Browsers have dropped these headers; some of them opened holes themselves. "
        "They show that the settings have not been looked at for years."
    ),
    fix=N_("Remove the headers named; a content security policy has taken their place."),
    example="add_header X-XSS-Protection 0 always;",
)
@on_document
def no_withdrawn_headers(_seen: Observations, document: Response) -> Verdict:
    found = [name for name in ("public-key-pins", "expect-ct", "feature-policy") if document.values(name)]
    if any(value.strip() != "0" for value in document.values("x-xss-protection")):
        found.append("x-xss-protection")
    return info(N_("Sent: %(headers)s."), headers=listing(found)) if found else ok(N_("None of them is sent."))


@check(
    "web.content-type-charset",
    title=N_("Pages say their content type and character set"),
    severity=Severity.INFO,
    needs=(Page,),
    refs=replace(INFO_REFS, sources=("OWASP ASVS 5.0 V4.1.1",)),
    why=N_(
        "Without a character set the browser guesses one, and a filter on the server may have assumed another. "
        "Input that was harmless to the filter can then become code."
    ),
    fix=N_("Send the content type with its character set."),
    example="charset utf-8;",
)
@on_html
def pages_say_their_character_set(seen: Observations, document: Response) -> Verdict:
    pages = html_pages(seen, document)
    silent = [page.url for page in pages if "charset=" not in header(page, "content-type").lower()]
    declared = [page.url for page in pages if any("charset" in e.attributes for e in html.read(page.body).all("meta"))]
    if unclear := [url for url in silent if url not in declared]:
        return warn(N_("Without a character set: %(urls)s."), urls=listing(unclear))
    return ok(N_("The character set is declared."))
