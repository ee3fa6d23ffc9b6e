"""What a host is probably for, proposed from what was seen of it; people decide, and see why it was proposed."""

import json
from collections.abc import Callable, Iterable
from enum import StrEnum

from scanners import targets
from scanners.data import panels
from scanners.model import N_, Message, Observations
from scanners.observations import HostDns, LoginPage, MailDns, Page, Response, WellKnown
from scanners.parsing import html
from scanners.records import record


class Role(StrEnum):
    """The five words of the assessment's policy; a test holds them equal."""

    PRODUCT = "product"
    PORTAL = "portal"
    REMOTE_ACCESS = "remote_access"
    MAIL = "mail"
    CORPORATE = "corporate"


class Confidence(StrEnum):
    """How much stands behind a proposal."""

    CERTAIN = "certain"  # the host says so itself
    LIKELY = "likely"  # its name and its page agree, or one of them is plain
    GUESS = "guess"  # nothing speaks for anything else


@record
class Proposal:
    """A role, how sure we are, and the fact it rests on."""

    role: Role
    confidence: Confidence
    reason: Message


GATEWAY_LABELS = frozenset(
    {
        *("vpn", "sslvpn", "ssl-vpn", "remote", "remoteaccess", "ra", "gateway", "gw", "citrix", "rdp", "rds", "rdweb"),
        *(
            "rdgw",
            "fernwartung",
            "fernzugriff",
            "wartung",
            "teleservice",
            "remoteservice",
            "guacamole",
            "access",
            "ztna",
        ),
    }
)
MAIL_LABELS = frozenset(
    {
        *("mail", "mx", "smtp", "imap", "pop", "pop3", "webmail", "owa", "exchange", "autodiscover", "autoconfig"),
        *("mailgate", "mailgw", "relay", "postfix", "zimbra"),
    }
)
PATIENT_LABELS = frozenset(
    {
        *("patient", "patienten", "patients", "patientenportal", "patientportal", "mypatient", "myhealth", "termin"),
        *(
            "termine",
            "termin-online",
            "onlinetermin",
            "aufnahme",
            "anamnese",
            "sprechstunde",
            "videosprechstunde",
            "epa",
        ),
    }
)
PRODUCT_LABELS = frozenset(
    {
        *("app", "apps", "api", "cloud", "saas", "web", "login", "sso", "id", "idp", "auth", "platform", "console"),
        *("pacs", "ris", "kis", "his", "lis", "emr", "ehr", "fhir", "dicom", "hl7", "viewer", "telemed", "device"),
        *("devices", "iot", "customer", "kunden", "kundenportal", "portal", "my", "client", "demo"),
    }
)
CORPORATE_LABELS = frozenset(
    {
        *("www", "blog", "news", "jobs", "karriere", "career", "careers", "shop", "store", "support", "help", "docs"),
        *("status", "academy", "events", "info", "presse", "press", "investors", "community", "wiki", "forum"),
    }
)
# In titles and addresses, lower case. A vendor's own site speaks of patients as well, so the body does not count.
PATIENT_WORDS = (
    *("patientenportal", "patient portal", "patientportal", "für patienten", "for patients", "mein patientenkonto"),
    *("terminbuchung", "online-termin", "termin buchen", "book an appointment", "videosprechstunde", "patientenakte"),
)
FHIR_PATHS = ("/metadata", "/fhir/metadata")


def propose(seen: Observations, *, domain: Observations | None = None) -> Proposal | None:
    """The role that the strongest sign speaks for; None where nothing at all was seen of the host.

    `domain` is what was seen of the registrable domain: its mail exchangers are mail hosts without a look at them.
    """
    signs: tuple[Callable[[], Proposal | None], ...] = (
        lambda: _exchanger(seen, domain),
        lambda: _recognised(seen),
        lambda: _interface(seen),
        lambda: _patients(seen),
        lambda: _named(seen),
        lambda: _page(seen),
    )
    return next((found for sign in signs if (found := sign()) is not None), None)


def _exchanger(seen: Observations, domain: Observations | None) -> Proposal | None:
    records = domain.find(MailDns) if domain is not None else None
    if records is None or seen.subject.name not in {one.host for one in records.exchangers}:
        return None
    return _certain(Role.MAIL, N_("DNS names the host as a mail server of its domain."))


def _recognised(seen: Observations) -> Proposal | None:
    """The start page is a product that we know."""
    document = _document(seen)
    if document is None:
        return None
    for signs, role, text in (
        (panels.GATEWAYS, Role.REMOTE_ACCESS, N_("The start page is %(product)s, a gateway for remote access.")),
        (panels.WEBMAIL, Role.MAIL, N_("The start page is %(product)s, a mail client.")),
        (panels.CLINICAL, Role.PRODUCT, N_("The start page is %(product)s, a clinical system.")),
        (panels.VIEWERS, Role.PRODUCT, N_("The start page is %(product)s, a viewer for medical images.")),
    ):
        sign = panels.recognised_in(signs, document.body, document.headers)
        if sign is not None:
            return _certain(role, text, product=sign.product)
    return None


def _interface(seen: Observations) -> Proposal | None:
    published = seen.find(WellKnown)
    for path in FHIR_PATHS:
        answer = published.documents.get(path) if published is not None else None
        if answer is not None and _is_capability_statement(answer):
            return _certain(Role.PRODUCT, N_("The host describes itself as a FHIR server."))
    return None


def _is_capability_statement(answer: Response) -> bool:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("resourceType") in {"CapabilityStatement", "Conformance"}


def _patients(seen: Observations) -> Proposal | None:
    """A log-in that speaks to patients."""
    document = _document(seen)
    if document is None or not _asks_who(seen, document):
        return None
    words = f"{_title(document)} {document.url}".lower()
    if any(word in words for word in PATIENT_WORDS):
        return _certain(Role.PORTAL, N_("The page is a log-in for patients."))
    return None


def _named(seen: Observations) -> Proposal | None:
    """What the labels below the registrable domain say; a log-in beside a name that fits makes it likely."""
    labels = _labels(seen.subject.name)
    document = _document(seen)
    asks = document is not None and _asks_who(seen, document)
    for words, role, convincing in (
        (GATEWAY_LABELS, Role.REMOTE_ACCESS, True),
        (MAIL_LABELS, Role.MAIL, True),
        (PATIENT_LABELS, Role.PORTAL, asks),
        (PRODUCT_LABELS, Role.PRODUCT, asks),
    ):
        if label := next((one for one in labels if one in words), ""):
            confidence = Confidence.LIKELY if convincing else Confidence.GUESS
            return Proposal(
                role=role,
                confidence=confidence,
                reason=Message(text=N_("The host is called %(label)s."), values={"label": label}),
            )
    return None


def _page(seen: Observations) -> Proposal | None:
    document = _document(seen)
    if document is None:
        return _unseen(seen)
    if _asks_who(seen, document):
        return Proposal(
            role=Role.PRODUCT,
            confidence=Confidence.LIKELY,
            reason=Message(text=N_("The host asks its visitors to log in.")),
        )
    is_site = seen.subject.name == targets.registrable(seen.subject.name)
    plain = is_site or bool(CORPORATE_LABELS & set(_labels(seen.subject.name)))
    return Proposal(
        role=Role.CORPORATE,
        confidence=Confidence.LIKELY if plain else Confidence.GUESS,
        reason=Message(text=N_("The host shows a public page without a log-in.")),
    )


def _unseen(seen: Observations) -> Proposal | None:
    """Without a page only the plainest names say anything."""
    dns = seen.find(HostDns)
    if dns is None or not dns.exists or not CORPORATE_LABELS & set(_labels(seen.subject.name)):
        return None
    return Proposal(
        role=Role.CORPORATE,
        confidence=Confidence.GUESS,
        reason=Message(text=N_("The host is called %(label)s."), values={"label": _labels(seen.subject.name)[0]}),
    )


def _document(seen: Observations) -> Response | None:
    """The page of this host itself; where the load ended on another, that one is judged under its own name."""
    page = seen.find(Page)
    if page is None or not page.hops or page.left_host_to is not None:
        return None
    return page.document


def _asks_who(seen: Observations, document: Response) -> bool:
    login = seen.find(LoginPage)
    return (
        document.status == 401  # noqa: PLR2004 - a browser asks for a password then
        or html.read(document.body).asks_password
        or bool(login is not None and login.pages)
    )


def _title(document: Response) -> str:
    titles = html.read(document.body).all("title")
    return titles[0].text if titles else ""


def _labels(name: str) -> tuple[str, ...]:
    """The labels below the registrable domain and their parts: portal-test2.example.org is portal, test and both."""
    below = name.removesuffix(targets.registrable(name)).strip(".")
    return tuple(dict.fromkeys(part for label in below.split(".") if label for part in _parts(label)))


def _parts(label: str) -> Iterable[str]:
    yield label
    yield label.rstrip("0123456789")
    for part in label.replace("_", "-").split("-"):
        yield part
        yield part.rstrip("0123456789")


def _certain(role: Role, text: str, **values: str) -> Proposal:
    return Proposal(role=role, confidence=Confidence.CERTAIN, reason=Message(text=text, values=values))
