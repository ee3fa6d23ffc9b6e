"""What a host tells: how to report a weakness, and what it had better keep to itself."""

from dataclasses import replace

import re2

from scanners import targets
from scanners.checking import check, fail, info, not_applicable, ok, unknown, warn
from scanners.checks import documents
from scanners.checks.wording import listing, shortened
from scanners.data import errors
from scanners.model import N_, CheckClass, Observations, Refs, Severity, Verdict
from scanners.observations import LoginPage, Page, Response, UnresolvedReferences, WellKnown
from scanners.parsing import banners, html, sectxt, security_txt, urls

CONTACT = Refs(
    measures=(5, 2),
    iso27001=("A.6.8", "A.5.5", "A.8.8"),
    owasp2021="A05",
    owasp2025="A02",
    mdr=("17.2",),
    sources=("RFC 9116",),
)
CONTACT_QUALITY = Refs(measures=(5,), iso27001=("A.6.8",), mdr=("17.2",), sources=("RFC 9116",))
VERSIONS = Refs(
    measures=(5,),
    iso27001=("A.8.9",),
    owasp2021="A05",
    owasp2025="A02",
    mdr=("17.2",),
    sources=("OWASP Secure Headers", "ASVS 5.0 V13.4.6"),
)
ERRORS = Refs(
    measures=(5,),
    iso27001=("A.8.28",),
    owasp2021="A05",
    owasp2025="A10",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2",),
    sources=("ASVS 5.0 V16.5.1",),
)
INTERNALS = Refs(measures=(5,), iso27001=("A.8.12",), owasp2021="A05", owasp2025="A02", sources=("ASVS 5.0 V13",))
REFERENCES = Refs(
    measures=(5, 4),
    iso27001=("A.5.21", "A.8.26"),
    owasp2021="A08",
    owasp2025="A08",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2",),
    sources=("OWASP Cheat Sheet Subdomain Takeover",),
)

WELL_KNOWN_PATH = "/.well-known/security.txt"
LEGACY_PATH = "/security.txt"
RECOMMENDED = ("encryption", "policy", "canonical", "preferred-languages")
NOT_FETCHED = N_("The document was not asked for in this scan.")
NO_FILE = N_("There is no valid security.txt.")
FOUND = 200
ABSENT = frozenset({404, 410})


def _file(seen: Observations, path: str) -> Response | None:
    """The plain-text document at a path, if there is one."""
    served = seen[WellKnown].documents.get(path)
    if served is None or served.status != FOUND or documents.is_blocked(served):
        return None
    kind = " ".join(served.values("content-type")).lower()
    return served if kind.startswith("text/plain") and not served.body.lstrip().startswith("<") else None


@check(
    "web.security-txt",
    title=N_("A valid security.txt says where to report a weakness"),
    severity=Severity.MEDIUM,
    check_class=CheckClass.STANDARD,
    needs=(WellKnown,),
    refs=CONTACT,
    why=N_(
        "Whoever finds a weakness in a medical product must know whom to tell, or will tell everyone."
        " A file at a fixed place saves the days in which a hospital could already be warned."
    ),
    fix=N_("Publish /.well-known/security.txt with Contact and an Expires date of less than a year ahead."),
    example="Contact: mailto:security@example.org\nExpires: 2027-06-30T00:00:00Z\nPreferred-Languages: de, en",
)
def security_txt_is_valid(seen: Observations) -> Verdict:
    served = seen[WellKnown].documents.get(WELL_KNOWN_PATH)
    if served is None:
        return unknown(NOT_FETCHED)
    if served.status not in {FOUND, *ABSENT} or documents.is_blocked(served):
        return unknown(N_("The answer for security.txt was status %(status)s."), status=served.status)
    file = _file(seen, WELL_KNOWN_PATH)
    if file is None:
        legacy = _file(seen, LEGACY_PATH)
        return warn(
            N_("security.txt lies only at the old place, /security.txt.") if legacy else N_("There is no security.txt.")
        )
    return _verdict_on_file(security_txt.parse(file.body), seen)


def _verdict_on_file(parsed: security_txt.SecurityTxt, seen: Observations) -> Verdict:
    if parsed.broken:
        return warn(N_("security.txt lacks or breaks: %(parts)s."), parts=listing(parsed.broken))
    if parsed.expires is None or parsed.expires <= seen.at:
        return warn(
            N_("security.txt expired on %(day)s."), day=parsed.expires.date().isoformat() if parsed.expires else "?"
        )
    return ok(
        N_("security.txt names %(contacts)s and is valid until %(day)s."),
        contacts=listing(parsed.values("contact")),
        day=parsed.expires.date().isoformat(),
    )


@check(
    "web.security-txt-quality",
    title=N_("security.txt tells everything a reporter needs"),
    severity=Severity.INFO,
    check_class=CheckClass.STANDARD,
    needs=(WellKnown,),
    refs=CONTACT_QUALITY,
    why=N_(
        "A key for encryption and a rule for disclosure make reports safe for both sides."
        " A link to CSAF advisories lets hospitals read warnings by machine."
    ),
    fix=N_("Add Encryption, Policy, Canonical and Preferred-Languages, and CSAF if you publish advisories."),
    example="Policy: https://example.org/disclosure\nCSAF: https://example.org/.well-known/csaf/provider-metadata.json",
)
def security_txt_is_complete(seen: Observations) -> Verdict:
    file = _file(seen, WELL_KNOWN_PATH)
    parsed = security_txt.parse(file.body) if file else None
    if file is None or parsed is None or parsed.broken:
        return not_applicable(NO_FILE)
    if faults := [f"{code} ({line})" if line else code for code, line in sectxt.read(file.body, seen.at).errors]:
        return info(N_("Strict readers object to (line): %(faults)s."), faults=listing(faults))
    if parsed.expires is not None and parsed.expires - seen.at > security_txt.LONGEST:
        return info(N_("security.txt is valid for more than a year, longer than recommended."))
    if missing := [name for name in RECOMMENDED if not parsed.values(name)]:
        return info(N_("security.txt could also name: %(fields)s."), fields=listing(missing))
    return ok(N_("security.txt names all recommended fields."))


@check(
    "web.version-headers",
    title=N_("The server does not tell its versions"),
    severity=Severity.LOW,
    needs=(Page,),
    refs=VERSIONS,
    why=N_(
        "Attackers search the net for versions with a known weakness and try those hosts first."
        " Nobody who uses the portal needs to know the version."
    ),
    fix=N_("Switch off version numbers in the headers of web server and framework."),
    example="server_tokens off;        # nginx\nServerTokens Prod         # Apache\nexpose_php = Off          # PHP",
)
def headers_tell_no_version(seen: Observations) -> Verdict:
    responses = documents.own_responses(seen)
    if not responses:
        return unknown(documents.NO_ANSWER)
    told = [text for response in responses for text in banners.disclosing(response.headers)]
    if told:
        return warn(N_("Headers with a version: %(headers)s."), headers=listing(told))
    return ok(N_("No header tells a version."))


_TRACES = tuple((name, re2.compile(pattern)) for name, pattern in errors.TRACES)


_CMS_COMMENT = re2.compile(
    r"(?i)<!--[^>]{0,300}\b((?:wordpress|typo3|drupal|joomla!?|contao|shopware|magento|plone|umbraco|liferay|craft cms"
    r"|sitecore|yoast seo plugin)[ /]v?\d+(?:\.\d+)+)"
)
_NUMBER = re2.compile(r"\d+(?:\.\d+)+|\b\d+\b")


@check(
    "web.generator-meta",
    title=N_("The page does not name the version of its content management system"),
    severity=Severity.INFO,
    needs=(Page,),
    refs=replace(VERSIONS, mdr=(), sources=("ASVS 5.0 V13.4.6",)),
    why=N_(
        "Attackers search the net for versions with a known weakness and try those hosts first."
        " The number helps nobody who reads the page."
    ),
    fix=N_("Leave the generator and such comments out of the page."),
    example="remove_action('wp_head', 'wp_generator');   // WordPress",
)
@documents.on_html
def page_names_no_version(_seen: Observations, found: Response) -> Verdict:
    told = [text.strip() for text in html.read(found.body).metas("generator") if _NUMBER.search(text) is not None]
    if (match := _CMS_COMMENT.search(found.body)) is not None:
        told.append(match.group(1))
    if told:
        return info(N_("The page names: %(versions)s."), versions=listing(told))
    return ok(N_("The page names no version of a content management system."))


@check(
    "web.error-stacktrace",
    title=N_("No page shows internal error messages"),
    severity=Severity.MEDIUM,
    needs=(Page,),
    refs=ERRORS,
    why=N_(
        "Error details show file names, queries and components, the plan for an attack."
        " They also show that errors reach users unhandled, at times with patient data in them."
    ),
    fix=N_("Show users a neutral page with a number, and write the details to the log."),
    example='customErrors mode="RemoteOnly"   # ASP.NET\ndisplay_errors = Off             # PHP',
)
def pages_show_no_stack_trace(seen: Observations) -> Verdict:
    responses = _all_responses(seen)
    if not responses:
        return unknown(documents.NO_ANSWER)
    for response in responses:
        for language, pattern in _TRACES:
            if (match := pattern.search(response.body)) is not None:
                return fail(
                    N_("%(url)s shows a %(language)s error: %(shown)s"),
                    url=shortened(response.url),
                    language=language,
                    shown=shortened(match.group(0)),
                )
    return ok(N_("Answers looked at: %(count)s; none shows an internal error."), count=len(responses))


def _all_responses(seen: Observations) -> list[Response]:
    login, well_known = seen.find(LoginPage), seen.find(WellKnown)
    answers = [
        *seen[Page].hops,
        *(login.pages if login else ()),
        *(well_known.documents.values() if well_known else ()),
    ]
    return [answer for answer in answers if documents.is_own(seen, answer) and not documents.is_blocked(answer)]


_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_PRIVATE = rf"(?:10\.{_OCTET}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.{_OCTET}\.{_OCTET}"
_IN_HEADER = re2.compile(rf"(?:^|[^\w.])({_PRIVATE})(?:$|[^\w.])")
_IN_BODY = re2.compile(rf"//({_PRIVATE})(?:[:/\"'?#<\s]|$)")
_INTERNAL_NAME = re2.compile(
    r"(?i)//([a-z0-9][a-z0-9.\-]*\.(?:local|intern|internal|intranet|lan|corp|localdomain|domain\.local))(?:[:/\"'?#<\s]|$)"
)
_BUILD_PATH = re2.compile(
    r"((?:/home/[a-z][\w\-]{1,30}/|[A-Z]:\\(?:Users|inetpub)\\|/var/www/|/usr/src/app/)[\w./\\\-]{3,80})"
)


@check(
    "web.internal-addresses",
    title=N_("Pages and headers show no internal addresses"),
    severity=Severity.LOW,
    needs=(Page,),
    refs=INTERNALS,
    why=N_(
        "Addresses and paths from inside show how the network behind is built."
        " After a first break-in they spare an attacker the search."
    ),
    fix=N_("Let the reverse proxy rewrite or remove such headers, and build pages with public addresses."),
    example="proxy_hide_header X-Backend-Server;   # nginx",
)
def nothing_internal_is_shown(seen: Observations) -> Verdict:
    responses = documents.own_responses(seen)
    if not responses:
        return unknown(documents.NO_ANSWER)
    found = [text for response in responses for text in _internals(response)]
    if found:
        return warn(N_("Internal addresses or paths are shown: %(found)s."), found=listing(found))
    return ok(N_("No internal address is shown."))


def _may_hold_numbers(name: str) -> bool:
    """A version of four numbers looks like an address; a policy names addresses on purpose."""
    return name == "content-security-policy" or "version" in name or name in banners.PRODUCT_HEADERS


def _internals(response: Response) -> list[str]:
    found = [
        f"{name}: {match.group(1)}"
        for name, value in response.headers
        if not _may_hold_numbers(name) and (match := _IN_HEADER.search(value)) is not None
    ]
    matches = (pattern.search(response.body) for pattern in (_IN_BODY, _INTERNAL_NAME, _BUILD_PATH))
    return found + [match.group(1) for match in matches if match is not None]


@check(
    "web.broken-third-party-src",
    title=N_("Everything the page loads comes from names that exist"),
    severity=Severity.HIGH,
    needs=(Page, UnresolvedReferences),
    refs=REFERENCES,
    why=N_(
        "Whoever registers a name that a page still loads scripts from runs own code in it, log-in fields included."
        " The page itself need not be attacked at all."
    ),
    fix=N_("Remove references to names that no longer exist, or host the files yourself."),
    example='<script src="https://cdn.gone.example/app.js"></script>   <!-- remove -->',
)
def references_exist(seen: Observations) -> Verdict:
    references = seen[UnresolvedReferences]
    if not references.missing:
        return ok(N_("Foreign hosts looked at: %(count)s; all exist."), count=len(references.asked))
    free = _active_and_free(seen, references.missing)
    if free:
        return fail(N_("The page runs code from domains that do not exist: %(names)s."), names=listing(free))
    return warn(N_("The page refers to hosts that do not exist: %(names)s."), names=listing(references.missing))


def _active_and_free(seen: Observations, missing: tuple[str, ...]) -> list[str]:
    """Missing hosts that run code in the page and are themselves the name one would register."""
    pages = seen[Page].hops[-1:]
    loads = [load for page in pages for load in html.loads(html.read(page.body), page.url)]
    active = {urls.host(load.url) for load in loads if load.active}
    return [host for host in missing if host in active and targets.registrable(host) == host.removeprefix("www.")]
