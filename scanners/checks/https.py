"""Whether the host is reached over HTTPS, and whether browsers are told to stay there."""

from dataclasses import replace

from scanners.checking import BLINDNESS, check, fail, info, not_applicable, ok, unknown, warn
from scanners.checks import documents
from scanners.checks.wording import listing, shortened
from scanners.data import sets
from scanners.model import N_, Observations, Refs, Severity, Verdict
from scanners.observations import CleartextPage, Page, Reason, Response
from scanners.parsing import hsts, urls
from scanners.parsing.hsts import HstsPolicy
from scanners.targets import registrable

REFS = Refs(
    measures=(8,),
    iso27001=("A.8.24",),
    owasp2021="A02",
    owasp2025="A04",
    gdpr=("Art. 32 (1) a",),
    mdr=("17.2", "17.4"),
    sources=("OWASP ASVS 5.0 V12.2.1",),
)
HSTS_REFS = replace(REFS, owasp2021="A05", owasp2025="A02", sources=("RFC 6797", "OWASP ASVS 5.0 V3.4.1"))
YEAR = 31_536_000
HALF_YEAR = 15_768_000
NOT_AN_APPLICATION = range(400, 600)
REFUSES_CLEARTEXT = frozenset({421, 426})  # Misdirected Request, Upgrade Required
NO_WEB_SERVER = N_("The host runs no web server: ports 80 and 443 refuse connections.")
PORT_80_CLOSED = N_("Port 80 is closed.")
NO_HSTS = N_("There is no valid HSTS header.")


@check(
    "web.https-available",
    title=N_("The host answers over HTTPS"),
    severity=Severity.CRITICAL,
    needs=(),
    refs=REFS,
    second_look=True,
    why=N_(
        "Without HTTPS everybody on the way reads and changes what is sent, passwords and patient data included. "
        "In a hospital's network with guests and foreign devices this takes no special skill."
    ),
    fix=N_("Set up HTTPS with a certificate of a public authority and redirect HTTP to it."),
    example="listen 443 ssl;",
)
def host_answers_over_https(seen: Observations) -> Verdict:
    blind, page = seen.blindness(Page), seen.find(Page)
    if page is not None and page.hops and urls.scheme(page.document.url) == "http":
        return fail(N_("HTTPS only leads back to %(url)s, without encryption."), url=shortened(page.document.url))
    # A wall or a limit in front of the application has answered as well, and it did so over HTTPS.
    if blind is None or blind.reason in {Reason.CHALLENGED, Reason.THROTTLED}:
        return ok(N_("The host answered an HTTPS request."))
    cleartext = seen.find(CleartextPage)
    if blind.reason is Reason.REFUSED and cleartext is not None:
        if cleartext.closed:
            return not_applicable(NO_WEB_SERVER)
        return fail(N_("Port 443 refuses connections, while port 80 answers without encryption."))
    return unknown(BLINDNESS[blind.reason])


@check(
    "web.http-redirect",
    title=N_("HTTP leads to HTTPS at once"),
    severity=Severity.HIGH,
    needs=(CleartextPage,),
    refs=replace(REFS, iso27001=("A.8.24", "A.8.26")),
    why=N_(
        "Whoever types an address or follows an old link begins without encryption. "
        "Every step taken there can be diverted to a false log-in page."
    ),
    fix=N_("Answer every HTTP request with a redirect to the same host over HTTPS, before any other."),
    example="return 301 https://$host$request_uri;",
)
def http_leads_to_https(seen: Observations) -> Verdict:
    cleartext = seen[CleartextPage]
    if cleartext.closed:
        return ok(PORT_80_CLOSED)
    if not cleartext.hops:
        return unknown(documents.NO_ANSWER)
    first = cleartext.hops[0]
    if documents.is_blocked(first):
        return unknown(documents.FIREWALL)
    if first.status in REFUSES_CLEARTEXT:
        return ok(N_("Requests without encryption are refused with status %(status)d."), status=first.status)
    if first.status in NOT_AN_APPLICATION:
        return unknown(documents.ERROR_PAGE, status=first.status)
    return _judge_redirect(seen, cleartext, _redirect_target(first))


def _redirect_target(response: Response) -> str:
    is_redirect = response.status in documents.REDIRECTED and response.values("location")
    return urls.join(response.url, response.values("location")[0]) if is_redirect else ""


def _judge_redirect(seen: Observations, cleartext: CleartextPage, target: str) -> Verdict:
    host = urls.host(target)
    if not target:
        return fail(N_("The page is delivered without encryption."))
    if urls.scheme(target) == "https" and host == seen.subject.name:
        return ok(N_("HTTP redirects to %(url)s."), url=shortened(target))
    if urls.scheme(target) == "https":
        return warn(N_("HTTP redirects to another host first: %(host)s."), host=shortened(host))
    if any(urls.scheme(url) == "https" for hop in cleartext.hops if (url := _redirect_target(hop))):
        return warn(N_("Only a later redirect leads to HTTPS; the first leads to %(url)s."), url=shortened(target))
    return fail(N_("HTTP redirects to %(url)s, still without encryption."), url=shortened(target))


@check(
    "web.redirect-cert-valid",
    title=N_("Every step to the page has a valid certificate"),
    severity=Severity.HIGH,
    needs=(Page,),
    refs=replace(REFS, sources=("MDN HTTP Observatory",)),
    why=N_(
        "One step with an invalid certificate is enough for a warning or for an attack in between. "
        "Interfaces break off there without telling anyone why."
    ),
    fix=N_("Give every host that takes part in the redirects a valid certificate."),
)
def every_step_has_a_valid_certificate(seen: Observations) -> Verdict:
    cleartext = seen.find(CleartextPage)
    hops = (*seen[Page].hops, *(cleartext.hops if cleartext is not None else ()))
    encrypted = [hop for hop in hops if urls.scheme(hop.url) == "https"]
    if bad := [urls.host(hop.url) for hop in encrypted if hop.tls_verified is False]:
        return fail(N_("The certificate is not valid at: %(hosts)s."), hosts=listing(bad))
    if not encrypted or any(hop.tls_verified is None for hop in encrypted):
        return unknown(N_("Whether the certificates are valid could not be seen."))
    return ok(N_("Valid at: %(hosts)s."), hosts=listing(urls.host(hop.url) for hop in encrypted))


def _speaking_hop(seen: Observations) -> Response | Verdict:
    """HSTS counts on the host itself, on redirects too (RFC 6797 section 7.2)."""
    own = [hop for hop in documents.own_responses(seen) if urls.host(hop.url) == seen.subject.name]
    own = [hop for hop in own if hop in seen[Page].hops]
    if own:
        return own[-1]
    if not seen[Page].hops:
        return unknown(documents.NO_ANSWER)
    first = seen[Page].hops[0]
    if documents.is_blocked(first):
        return unknown(documents.FIREWALL)
    return unknown(documents.ERROR_PAGE, status=first.status)


def _policy(hop: Response) -> HstsPolicy | None:
    # Only the first header counts (RFC 6797 section 8.1).
    values = hop.values("strict-transport-security")
    return hsts.parse(values[0]) if values else None


@check(
    "web.hsts-present",
    title=N_("HSTS keeps browsers on HTTPS for at least a year"),
    severity=Severity.HIGH,
    needs=(Page,),
    refs=replace(HSTS_REFS, iso27001=("A.8.24", "A.8.26")),
    why=N_(
        "With HSTS a browser refuses HTTP for this host and lets nobody click a certificate warning away. "
        "Without it an attacker in the same network can strip the encryption from the first request on."
    ),
    fix=N_("Send the header on every HTTPS response with a max-age of at least one year."),
    example='add_header Strict-Transport-Security "max-age=63072000; includeSubDomains" always;',
)
def hsts_keeps_browsers_on_https(seen: Observations) -> Verdict:
    hop = _speaking_hop(seen)
    if isinstance(hop, Verdict):
        return hop
    values = hop.values("strict-transport-security")
    if not values:
        return fail(N_("The header is missing."))
    policy = _policy(hop)
    if policy is None:
        return fail(N_("Browsers ignore the header, it cannot be read: %(value)s"), value=shortened(values[0]))
    if hop.tls_verified is False:
        return fail(N_("Browsers ignore the header, because the certificate is not valid."))
    return _judge_max_age(policy)


def _judge_max_age(policy: HstsPolicy) -> Verdict:
    if policy.max_age < HALF_YEAR:
        return fail(N_("max-age is %(seconds)d seconds; that is too short."), seconds=policy.max_age)
    if policy.max_age < YEAR:
        return warn(N_("max-age is %(seconds)d seconds, less than a year."), seconds=policy.max_age)
    return ok(N_("max-age is %(seconds)d seconds."), seconds=policy.max_age)


@check(
    "web.hsts-subdomains",
    title=N_("HSTS covers all hosts of the domain"),
    severity=Severity.LOW,
    needs=(Page,),
    refs=HSTS_REFS,
    why=N_(
        "Without includeSubDomains an attacker invents a host name below the domain and sets cookies from there. "
        "The portal then takes them for its own."
    ),
    fix=N_("Add includeSubDomains on the domain itself once every host below it speaks HTTPS."),
    example='add_header Strict-Transport-Security "max-age=63072000; includeSubDomains" always;',
)
def hsts_covers_all_hosts(seen: Observations) -> Verdict:
    hop = _speaking_hop(seen)
    if isinstance(hop, Verdict):
        return hop
    policy = _policy(hop)
    if policy is None or policy.max_age == 0:
        return not_applicable(NO_HSTS)
    if policy.include_subdomains:
        return ok(N_("includeSubDomains is set at %(host)s."), host=seen.subject.name)
    if seen.subject.name != registrable(seen.subject.name):
        return not_applicable(N_("This is asked of the domain itself, not of a host below it."))
    return warn(N_("includeSubDomains is missing."))


@check(
    "web.hsts-preload-eligibility",
    title=N_("A preload mark in HSTS keeps what it promises"),
    severity=Severity.LOW,
    needs=(Page,),
    refs=replace(HSTS_REFS, mdr=(), sources=("hstspreload.org requirements",)),
    why=N_(
        "The word preload asks browsers to build the domain in; anybody may then submit it. "
        "If the conditions do not hold, the domain is removed again and the protection ends unnoticed."
    ),
    fix=N_("Fulfil all conditions, or leave the word preload out; it is not needed for HSTS."),
    example='add_header Strict-Transport-Security "max-age=63072000; includeSubDomains" always;',
)
def preload_keeps_what_it_promises(seen: Observations) -> Verdict:
    hop = _speaking_hop(seen)
    if isinstance(hop, Verdict):
        return hop
    policy = _policy(hop)
    if policy is None or not policy.preload:
        return ok(N_("The header does not ask for preloading."))
    if seen.subject.name != registrable(seen.subject.name):
        return info(N_("preload has no effect on a host below the domain."))
    missing = [name for name, holds in _preload_conditions(seen, hop, policy).items() if not holds]
    if missing:
        return warn(N_("preload is set, but these do not hold: %(conditions)s."), conditions=listing(missing))
    return ok(N_("preload is set and its conditions hold."))


def _preload_conditions(seen: Observations, hop: Response, policy: HstsPolicy) -> dict[str, bool]:
    cleartext = seen.find(CleartextPage)
    target = _redirect_target(cleartext.hops[0]) if cleartext is not None and cleartext.hops else ""
    redirects = urls.scheme(target) == "https" and urls.host(target) == seen.subject.name
    return {
        "max-age >= 31536000": policy.max_age >= YEAR,
        "includeSubDomains": policy.include_subdomains,
        f"http -> https://{seen.subject.name}": redirects or cleartext is None or cleartext.closed,
        "TLS": hop.tls_verified is not False,
    }


@check(
    "web.http-port-cleartext-api",
    title=N_("No interface answers without encryption"),
    severity=Severity.HIGH,
    needs=(CleartextPage,),
    refs=replace(REFS, gdpr=("Art. 32 (1) a", "Art. 32 (1) b"), sources=("OWASP ASVS 5.0 V4.1.2",)),
    why=N_(
        "A program that is set to http:// by mistake goes on working and sends tokens and patient data openly. "
        "A redirect comes too late, because the first request has been sent by then."
    ),
    fix=N_("Close port 80 for interfaces, or refuse every request there."),
    example="listen 443 ssl;  # no listen 80 for the API host",
)
def no_interface_answers_without_encryption(seen: Observations) -> Verdict:
    cleartext = seen[CleartextPage]
    if cleartext.closed:
        return ok(PORT_80_CLOSED)
    open_hops = [hop for hop in cleartext.hops if urls.scheme(hop.url) == "http"]
    if not open_hops:
        return unknown(documents.NO_ANSWER)
    for hop in open_hops:
        kind = documents.header(hop, "content-type").partition(";")[0].strip().lower()
        is_data = kind.endswith(("json", "/xml", "+xml")) and "html" not in kind
        if is_data and (hop.status in documents.ANSWERED or hop.status in documents.DENIED):
            return fail(N_("%(url)s answers over HTTP with %(kind)s."), url=shortened(hop.url), kind=shortened(kind))
    return ok(N_("No interface answered over HTTP."))


@check(
    "web.hsts-preload",
    title=N_("Browsers know the domain as preloaded"),
    severity=Severity.INFO,
    needs=(Page,),
    refs=replace(REFS, sources=("hstspreload.org", "OWASP ASVS 5.0 V3.7.4")),
    why=N_(
        "A preloaded domain is reached over TLS even at the very first visit."
        " The list's own makers no longer recommend it, for the HSTS header protects nearly as well and can be undone."
    ),
    fix=N_("Send a long HSTS policy; being on the list is no aim of its own."),
    example='add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;',
)
def preloading_is_told(seen: Observations) -> Verdict:
    listed, day = seen.data.preloaded, sets.day(seen.data, sets.HSTS)
    if not listed:
        return info(N_("The browsers' list was not fetched. Its makers no longer recommend preloading."))
    labels = seen.subject.name.split(".")
    above = [".".join(labels[start:]) for start in range(len(labels))]
    entry = next((name for name in above if name in listed and (name == seen.subject.name or listed[name])), None)
    if entry is not None:
        return ok(N_("Preloaded by the entry %(name)s. List of %(day)s."), name=entry, day=day)
    return info(
        N_("Not preloaded; that is no fault: hstspreload.org itself no longer recommends it. List of %(day)s."), day=day
    )
