"""Third parties that a page brings in before anyone has agreed."""

from collections.abc import Mapping
from typing import Any

import re2

from scanners import targets
from scanners.checking import check, fail, info, ok, unknown, warn
from scanners.checks import documents
from scanners.checks.wording import listing
from scanners.data import third_parties
from scanners.data.third_parties import GRAVE, TRACKING, Party, Purpose
from scanners.model import N_, Observations, Refs, Severity, Verdict
from scanners.observations import Page, Response
from scanners.parsing import html, urls

INVENTORY = Refs(measures=(4,), iso27001=("A.5.21", "A.5.34"), gdpr=("Art. 28", "Art. 30"))
TRACKERS = Refs(
    measures=(4, 7),
    iso27001=("A.5.34", "A.8.12"),
    owasp2021="A04",
    owasp2025="A06",
    gdpr=("Art. 5 (1) a", "Art. 9", "Art. 25"),
    mdr=("17.2", "17.4"),
    sources=("§ 25 TDDDG", "ASVS 5.0 V14.2.3"),
)
NOTICE = Refs(measures=(7,), iso27001=("A.5.31",), gdpr=("Art. 13",), sources=("§ 5 DDG",))
TRANSFER = Refs(
    measures=(4,),
    iso27001=("A.5.34", "A.5.19"),
    gdpr=("Art. 13 (1) f", "Art. 44"),
    sources=("LG München I 3 O 17493/20",),
)

NO_THIRD_PARTY = N_("The page loads nothing from third parties.")

# Words in a host name that say that patients use it.
PATIENT_WORDS = frozenset(
    {
        "patient",
        "patienten",
        "patienten-portal",
        "patientenportal",
        "portal",
        "termin",
        "termine",
        "login",
        "konto",
        "my",
        "mein",
    }
)


INJECTED = TRACKING - {Purpose.SOCIAL}  # a link to a network is no tracker


def third_party_hosts(seen: Observations, found: Response) -> tuple[str, ...]:
    """The foreign hosts from which the browser fetches something to show the page, in order."""
    home = targets.registrable(seen.subject.name)
    hosts = (urls.host(load.url) for load in html.loads(html.read(found.body), found.url) if urls.is_web(load.url))
    return tuple(dict.fromkeys(host for host in hosts if host and targets.registrable(host) != home))


def _parties(hosts: tuple[str, ...]) -> tuple[Party, ...]:
    named = (third_parties.party_of(host) for host in hosts)
    return tuple({party.name: party for party in named if party is not None}.values())


def _is_sensitive(seen: Observations, found: Response) -> bool:
    """Whether patients or staff enter something here: a password field, or a name that says so."""
    words = set(seen.subject.name.replace("-", ".").split("."))
    return bool(words & PATIENT_WORDS) or html.read(found.body).asks_password


@check(
    "privacy.third-party-inventory",
    title=N_("The third parties of the page are known"),
    severity=Severity.INFO,
    needs=(Page,),
    refs=INVENTORY,
    why=N_(
        "Everyone whose files a page loads learns who visits it, and can change the page."
        " The list can be compared with the processors that the vendor names."
    ),
    fix=N_("Compare the list with your record of processing and your sub-processors."),
)
@documents.on_html
def third_parties_are_listed(seen: Observations, found: Response) -> Verdict:
    hosts = third_party_hosts(seen, found)
    if not hosts:
        return info(NO_THIRD_PARTY)
    named = {host: third_parties.party_of(host) for host in hosts}
    return info(
        N_("Loads from: %(parties)s."),
        parties=listing(f"{host} ({party.name})" if party else host for host, party in named.items()),
    )


NOTICES: Mapping[str, Any] = {
    "Impressum": re2.compile(r"(?i)impressum|imprint|anbieterkennzeichnung|legal[\s_-]?(?:notice|info)|\blegal\b"),
    "Datenschutz": re2.compile(r"(?i)datenschutz|privacy|data[\s_-]?protection|dsgvo|gdpr"),
}


@check(
    "privacy.imprint-privacy-policy",
    title=N_("The page leads to who runs it and to how it treats data"),
    severity=Severity.INFO,
    needs=(Page,),
    refs=NOTICE,
    why=N_(
        "German law asks every provider to name itself and to explain what happens to the data of visitors."
        " A hospital that refers patients to such a page is asked about it first."
    ),
    fix=N_("Link both pages from every page, the log-in included."),
    example='<a href="/impressum">Impressum</a> <a href="/datenschutz">Datenschutz</a>',
)
@documents.on_html
def notices_are_linked(_seen: Observations, found: Response) -> Verdict:
    page = html.read(found.body)
    if not page.all("a"):
        return unknown(N_("The page shows no link without running its scripts."))
    missing = [name for name, words in NOTICES.items() if words.search(found.body) is None]
    if missing:
        return warn(N_("Not linked from the start page: %(names)s."), names=listing(missing))
    return ok(N_("Both are named on the start page."))


@check(
    "privacy.trackers-before-consent",
    title=N_("Nobody is tracked before having agreed"),
    severity=Severity.HIGH,
    needs=(Page,),
    refs=TRACKERS,
    why=N_(
        "Whoever opens a patient portal reveals something about their health; trackers carry that to others."
        " Without prior consent this breaks the rules for terminals and health data."
    ),
    fix=N_("Load trackers only after consent, and none at all on pages for patients and on log-in pages."),
    example='<script type="text/plain" data-consent="statistics" src="…"></script>',
)
@documents.on_html
def nobody_is_tracked(seen: Observations, found: Response) -> Verdict:
    trackers = _trackers(seen, found)
    names = listing(trackers)
    if not trackers:
        return ok(N_("No tracker was recognised in the first answer."))
    if set(trackers.values()) & GRAVE and _is_sensitive(seen, found):
        return fail(N_("Advertising or session replay on a page for patients or log-ins: %(names)s."), names=names)
    return warn(N_("Trackers are loaded with the first answer: %(names)s."), names=names)


def _trackers(seen: Observations, found: Response) -> dict[str, Purpose]:
    loaded = [party for party in _parties(third_party_hosts(seen, found)) if party.purpose in TRACKING]
    code = "\n".join(one.text for one in html.read(found.body).all("script") if not one.get("src") and html.is_run(one))
    injected = [party for party in third_parties.PARTIES if party.purpose in INJECTED and _is_called(party, code)]
    names = [value.partition("=")[0].strip() for hop in seen[Page].hops for value in hop.values("set-cookie")]
    cookies = {
        who: purpose for mark, who, purpose in third_parties.COOKIES if any(name.startswith(mark) for name in names)
    }
    return {party.name: party.purpose for party in (*loaded, *injected)} | cookies


def _is_called(party: Party, code: str) -> bool:
    """Whether inline code names one of the party's hosts, as the usual snippets do."""
    return f"//{party.suffix}/" in code or f".{party.suffix}/" in code


@check(
    "privacy.third-country-embed",
    title=N_("The page embeds nothing from providers outside the European Economic Area"),
    severity=Severity.LOW,
    needs=(Page,),
    refs=TRANSFER,
    why=N_(
        "With every embedded file the visitor's address goes to a provider under foreign law."
        " For fonts and maps German courts have called that unlawful without consent."
    ),
    fix=N_("Host fonts, scripts and maps yourself, or load them after consent."),
    example='@font-face { font-family: "Inter"; src: url("/fonts/inter.woff2"); }',
)
@documents.on_html
def nothing_is_embedded_from_abroad(seen: Observations, found: Response) -> Verdict:
    hosts = third_party_hosts(seen, found)
    if not hosts:
        return ok(NO_THIRD_PARTY)
    abroad = [party for party in _parties(hosts) if party.country not in third_parties.EEA]
    if not abroad:
        return ok(N_("No embedded provider is known to sit outside the European Economic Area."))
    names = listing(f"{party.name} ({party.country})" for party in abroad)
    if _is_sensitive(seen, found):
        return warn(N_("Embedded on a page for patients or log-ins: %(names)s."), names=names)
    return info(N_("Embedded: %(names)s."), names=names)
