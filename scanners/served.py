"""Which of a vendor's products a host probably serves, proposed from what was seen of it; people decide."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from scanners import targets
from scanners.data import panels
from scanners.model import N_, Message, Observations
from scanners.observations import OpenPorts, Page, Response, UnpublishedPaths, WellKnown
from scanners.parsing import html
from scanners.records import record

FHIR_PATHS = ("/metadata", "/fhir/metadata")
SHORTEST = 3  # letters of a word that says something
LONG_ENOUGH = 6  # letters from which a word may begin a longer one
# Words that stand in names of every kind of product and tell none from another.
COMMON = frozenset(
    {
        *("system", "systeme", "systems", "software", "service", "services", "cloud", "portal", "online", "web", "app"),
        *("server", "plattform", "platform", "loesung", "loesungen", "solution", "solutions", "suite", "pro", "plus"),
        *("gmbh", "kgaa", "inc", "ltd", "medical", "medizintechnik", "healthcare", "health", "digital", "version"),
        *("the", "and", "for", "und", "der", "die", "das", "fuer", "mit", "von", "modul", "module", "www", "test"),
        *("login", "anmeldung", "anmelden", "home", "willkommen", "welcome", "start", "startseite", "kunden", "demo"),
    }
)
IMAGES = frozenset({"pacs", "dicom", "ris", "radiologie", "radiology", "bildarchiv", "viewer", "orthanc"})
RECORDS = frozenset({"fhir", "kis", "his", "epa", "emr", "ehr", "interoperabilitaet", "interoperability"})
MESSAGES = frozenset({"hl7", "kommunikationsserver", "mirth", "schnittstelle", "schnittstellen", "interface"})
REMOTE = frozenset({"fernwartung", "fernzugriff", "remote", "vpn", "wartung", "teleservice"})
SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


@record
class Served:
    """A product, and the fact for which the host is thought to serve it."""

    key: str
    reason: Message
    is_guess: bool


@record
class _Sign:
    """Words that were seen at one place of the host."""

    words: frozenset[str]
    reason: str
    is_guess: bool = False
    value: str = ""


def propose(seen: Observations, products: Mapping[str, str], *, vendor: str = "") -> tuple[Served, ...]:
    """The products, by key and name, that the strongest sign speaks for. None where nothing tells them apart.

    `vendor` is the vendor's name: its words stand on every page of it and in the names of many of its products.
    """
    common = COMMON | _words(vendor) | _words(targets.registrable(seen.subject.name).partition(".")[0])
    named = {key: _words(name) - common for key, name in products.items()}
    for sign in _signs(seen, common):
        matches = {key: _matches(words, sign.words, products[key]) for key, words in named.items()}
        best = max(map(len, matches.values()), default=0)
        if best:
            return tuple(
                Served(key=key, reason=_reason(sign, matched), is_guess=sign.is_guess)
                for key, matched in matches.items()
                if len(matched) == best
            )
    return ()


def _reason(sign: _Sign, matched: frozenset[str]) -> Message:
    return Message(text=sign.reason, values={"words": sign.value or ", ".join(sorted(matched))})


def _matches(words: frozenset[str], seen: frozenset[str], name: str) -> frozenset[str]:
    """The words of a product's name that were seen; the name written as one word counts as all of them."""
    if words and "".join(_spelt(name)) in seen:
        return words
    return frozenset(
        word
        for word in words
        if any(one == word or (len(word) >= LONG_ENOUGH and one.startswith(word)) for one in seen)
    )


def _signs(seen: Observations, common: frozenset[str]) -> Iterator[_Sign]:
    """What was seen of the host, the plainest first."""
    document = _document(seen)
    if document is not None:
        yield _Sign(words=_words(_title(document)) - common, reason=N_("The title of its start page says: %(words)s."))
    yield _Sign(words=_fhir_words(seen) - common, reason=N_("It describes itself as a FHIR server of: %(words)s."))
    labels = frozenset(_labels(seen.subject.name)) - common
    yield _Sign(words=labels, reason=N_("Its name says: %(words)s."))
    for words, kind in _kinds(seen, document):
        yield _Sign(words=words, reason=N_("What it runs fits: %(words)s."), is_guess=True, value=kind)


def _kinds(seen: Observations, document: Response | None) -> Iterator[tuple[frozenset[str], str]]:
    """What kind of system it is, and the words that products of this kind are called by."""
    if document is not None:
        for signs, words in ((panels.CLINICAL, IMAGES), (panels.VIEWERS, IMAGES), (panels.GATEWAYS, REMOTE)):
            sign = panels.recognised_in(signs, document.body, document.headers)
            if sign is not None:
                yield (MESSAGES if "Mirth" in sign.product else words), sign.product
    ports, paths = seen.find(OpenPorts), seen.find(UnpublishedPaths)
    is_archive = ports is not None and any(one.service == "dicom" and one.state == "open" for one in ports.answers)
    if is_archive or any("dicom" in sign or "orthanc" in sign for sign in _found(paths)):
        yield IMAGES, "DICOM"
    if _statements(seen):
        yield RECORDS, "FHIR"


def _found(paths: UnpublishedPaths | None) -> Iterable[str]:
    return (sign for signs in paths.signs.values() for sign in signs) if paths is not None else ()


def _fhir_words(seen: Observations) -> frozenset[str]:
    """The software that a FHIR server names itself."""
    return frozenset(word for one in _statements(seen) for word in _words(_software(one)))


def _software(statement: Mapping[str, object]) -> str:
    software = statement.get("software")
    name = software.get("name") if isinstance(software, dict) else ""
    return f"{name if isinstance(name, str) else ''} {statement.get('title', '')}"


def _statements(seen: Observations) -> tuple[Mapping[str, object], ...]:
    published = seen.find(WellKnown)
    answers = [published.documents[path] for path in FHIR_PATHS if path in published.documents] if published else []
    return tuple(found for answer in answers if (found := _statement(answer)))


def _statement(answer: Response) -> Mapping[str, object]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    is_one = isinstance(found, dict) and found.get("resourceType") in {"CapabilityStatement", "Conformance"}
    return found if is_one else {}


def _document(seen: Observations) -> Response | None:
    page = seen.find(Page)
    if page is None or not page.hops or page.left_host_to is not None:
        return None
    return page.document


def _title(document: Response) -> str:
    titles = html.read(document.body).all("title")
    return titles[0].text if titles else ""


def _labels(name: str) -> Iterator[str]:
    """The labels below the registrable domain, whole and in parts, without the numbers behind them."""
    below = name.removesuffix(targets.registrable(name)).strip(".")
    for label in below.split("."):
        yield from _words(label)
        yield "".join(_spelt(label)).rstrip("0123456789")


def _words(text: str) -> frozenset[str]:
    return frozenset(
        bare for word in _spelt(text) for bare in (word, word.rstrip("0123456789")) if len(bare) >= SHORTEST
    )


def _spelt(text: str) -> list[str]:
    """Words in one spelling: in host names there are no umlauts."""
    return re.findall(r"[a-z0-9]+", text.lower().translate(SPELT))
