"""What an authorisation server publishes of itself (OpenID Connect Discovery, RFC 8414)."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from scanners.checking import check, fail, info, not_applicable, ok, unknown, warn
from scanners.checks import documents
from scanners.checks.wording import listing, shortened
from scanners.model import N_, CheckClass, Observations, Refs, Severity, Verdict
from scanners.observations import WellKnown
from scanners.parsing import urls

LOGIN = Refs(
    measures=(10,),
    iso27001=("A.8.5",),
    owasp2021="A07",
    owasp2025="A07",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("RFC 9700", "ASVS 5.0 V10.4"),
)
SIGNING = Refs(
    measures=(8, 10),
    iso27001=("A.8.24",),
    owasp2021="A02",
    owasp2025="A04",
    gdpr=("Art. 32 (1) a",),
    mdr=("17.2", "17.4"),
    sources=("RFC 8414", "RFC 8725"),
)
REGISTRATION = Refs(
    measures=(9, 10),
    iso27001=("A.8.5",),
    owasp2021="A07",
    owasp2025="A07",
    mdr=("17.2", "17.4"),
    sources=("RFC 7591", "ASVS 5.0 V10.4.7"),
)

PATH = "/.well-known/openid-configuration"
FOUND = 200
ABSENT = frozenset({400, 401, 403, 404, 405, 410})
NO_SERVER = N_("The host publishes no metadata of an authorisation server.")
NOT_ASKED = N_("The document was not asked for in this scan.")
UNREADABLE = N_("The answer for the metadata was status %(status)s.")
DEFAULT_GRANTS = ("authorization_code", "implicit")  # RFC 8414 section 2, where the list is missing

Judge = Callable[[Mapping[str, Any]], Verdict]


def _on_metadata(judge: Judge) -> Callable[[Observations], Verdict]:
    """Hand the metadata to the judgement, or say why there are none."""

    def judged(seen: Observations) -> Verdict:
        served = seen[WellKnown].documents.get(PATH)
        if served is None:
            return unknown(NOT_ASKED)
        if documents.is_blocked(served) or served.status not in {FOUND, *ABSENT, *documents.REDIRECTED}:
            return unknown(UNREADABLE, status=served.status)
        try:
            metadata = json.loads(served.body) if served.status == FOUND else None
        except (ValueError, RecursionError):
            metadata = None
        # A page that answers every path alike is no metadata: the issuer is required.
        if not isinstance(metadata, dict) or not isinstance(metadata.get("issuer"), str):
            return not_applicable(NO_SERVER)
        return judge(metadata)

    return judged


def _texts(metadata: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = metadata.get(name)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


@check(
    "oidc.pkce",
    title=N_("The log-in service demands PKCE with S256"),
    severity=Severity.MEDIUM,
    check_class=CheckClass.STANDARD,
    needs=(WellKnown,),
    refs=LOGIN,
    why=N_(
        "Without PKCE a stolen code of an app or browser is enough to take over a log-in."
        " Mobile apps for patients and clinicians are exposed to just that."
    ),
    fix=N_("Offer S256 only, and demand it from every client."),
    example='"code_challenge_methods_supported": ["S256"]',
)
@_on_metadata
def pkce_is_offered(metadata: Mapping[str, Any]) -> Verdict:
    grants = _texts(metadata, "grant_types_supported") or DEFAULT_GRANTS
    methods = _texts(metadata, "code_challenge_methods_supported")
    if "authorization_code" not in grants:
        return not_applicable(N_("The log-in service does not offer the authorisation code flow."))
    if "S256" not in methods:
        return fail(N_("The metadata do not name PKCE with S256."))
    if "plain" in methods:
        return warn(N_("PKCE is offered with S256, but also without a hash (plain)."))
    return ok(N_("PKCE is offered with S256."))


@check(
    "oidc.grants",
    title=N_("The log-in service offers no outdated flow"),
    severity=Severity.MEDIUM,
    check_class=CheckClass.STANDARD,
    needs=(WellKnown,),
    refs=LOGIN,
    why=N_(
        "The implicit flow puts tokens into addresses, and the password flow hands passwords to every app."
        " Both go around a second factor."
    ),
    fix=N_("Switch off the implicit and the password flow; use the authorisation code with PKCE."),
    example='"grant_types_supported": ["authorization_code", "refresh_token"]',
)
@_on_metadata
def flows_are_current(metadata: Mapping[str, Any]) -> Verdict:
    old = [grant for grant in _texts(metadata, "grant_types_supported") if grant in {"implicit", "password"}]
    old += [kind for kind in _texts(metadata, "response_types_supported") if "token" in kind.split()]
    if old:
        return fail(N_("Outdated flows are offered: %(flows)s."), flows=listing(old))
    return ok(N_("No outdated flow is offered."))


@check(
    "oidc.signing-alg",
    title=N_("Identity tokens are signed with a key pair"),
    severity=Severity.HIGH,
    check_class=CheckClass.STANDARD,
    needs=(WellKnown,),
    refs=SIGNING,
    why=N_(
        "An unsigned token lets anyone claim to be anyone."
        " With a shared secret every connected application can forge the log-ins of the others."
    ),
    fix=N_("Sign with ES256, PS256 or RS256, and remove none and HS256."),
    example='"id_token_signing_alg_values_supported": ["ES256"]',
)
@_on_metadata
def tokens_are_signed(metadata: Mapping[str, Any]) -> Verdict:
    names = _texts(metadata, "id_token_signing_alg_values_supported")
    if not names:
        return not_applicable(N_("The metadata name no signature for identity tokens."))
    if "none" in names:
        return fail(N_("Unsigned identity tokens are allowed (none)."))
    if shared := [name for name in names if name.startswith("HS")]:
        return warn(N_("Identity tokens may be signed with a shared secret: %(names)s."), names=listing(shared))
    return ok(N_("Identity tokens are signed with %(names)s."), names=listing(names))


@check(
    "oidc.endpoints-https",
    title=N_("All addresses of the log-in service are encrypted and its own"),
    severity=Severity.HIGH,
    check_class=CheckClass.STANDARD,
    needs=(WellKnown,),
    refs=SIGNING,
    why=N_(
        "One address in clear text is enough to read or exchange keys and tokens on the way."
        " A wrong issuer makes clients trust a service they did not mean."
    ),
    fix=N_("Set the public https address as issuer, and let all endpoints follow from it."),
    example='"issuer": "https://login.example.org"',
)
def endpoints_are_encrypted(seen: Observations) -> Verdict:
    served = seen[WellKnown].documents.get(PATH)
    # A redirect within the scan, as from the domain to its www, is followed; the issuer is then the host it led to.
    hosts = {seen.subject.name, urls.host(served.url) if served is not None else seen.subject.name}
    return _on_metadata(lambda metadata: _on_addresses(metadata, hosts))(seen)


def _on_addresses(metadata: Mapping[str, Any], hosts: set[str]) -> Verdict:
    addresses = [
        value
        for name, value in metadata.items()
        if isinstance(value, str) and (name in {"issuer", "jwks_uri"} or name.endswith("_endpoint"))
    ]
    if clear := [shortened(address) for address in addresses if urls.scheme(address) != "https"]:
        return fail(N_("Addresses that are not encrypted: %(addresses)s."), addresses=listing(clear))
    issuer = metadata["issuer"]
    if urls.host(issuer) not in hosts:
        return fail(N_("The metadata of this host name another issuer: %(issuer)s."), issuer=shortened(issuer))
    return ok(N_("All addresses of the log-in service are encrypted."))


@check(
    "oidc.open-registration",
    title=N_("It is known whether applications can register themselves"),
    severity=Severity.LOW,
    check_class=CheckClass.STANDARD,
    needs=(WellKnown,),
    refs=REGISTRATION,
    why=N_(
        "Where any application can register, a false one can ask patients for access to their data."
        " From outside one only sees that there is such an entrance, not who may use it."
    ),
    fix=N_("Demand an access token for registration, or switch it off."),
    example='"registration_endpoint": …',
)
@_on_metadata
def registration_is_known(metadata: Mapping[str, Any]) -> Verdict:
    if metadata.get("registration_endpoint"):
        return info(N_("There is an entrance for registering applications; ask who may use it."))
    return ok(N_("No entrance for registering applications is published."))
