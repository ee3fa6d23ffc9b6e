"""What is particular to single kinds of document: reports on a period, releases of a product, and the sentences."""

import functools
from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

from assessments.model import EvidenceFact, EvidenceStanding, Phrase, Words
from questionnaires import answering, shelf
from questionnaires.model import Catalogue, EvidenceType, EvidenceWanted, Question, Text
from scanners.model import N_

YEAR = 12  # months
OTHER = "other"
_AFTER_PERIOD = Text(de="Monate nach Ende des Prüfzeitraums", en="months after the end of the audit period")
# Kinds that companies bring and no question of ours asks for; a catalogue that knows one itself is followed.
FURTHER: Mapping[str, EvidenceType] = {
    kind.id: kind
    for kind in (
        EvidenceType(
            id="soc2_type2",
            text=Text(de="SOC-2-Bericht Typ 2", en="SOC 2 report, type 2"),
            validity_months=YEAR,
            validity_note=_AFTER_PERIOD,
        ),
        EvidenceType(
            id="soc2_type1", text=Text(de="SOC-2-Bericht Typ 1", en="SOC 2 report, type 1"), validity_months=YEAR
        ),
        EvidenceType(
            id="isae3402_type2",
            text=Text(de="ISAE-3402-Bericht Typ 2", en="ISAE 3402 report, type 2"),
            validity_months=YEAR,
            validity_note=_AFTER_PERIOD,
        ),
        EvidenceType(
            id="isae3402_type1",
            text=Text(de="ISAE-3402-Bericht Typ 1", en="ISAE 3402 report, type 1"),
            validity_months=YEAR,
        ),
        EvidenceType(id=OTHER, text=Text(de="Sonstiges Dokument", en="Other document"), validity_months=None),
    )
}
OVER_A_PERIOD = frozenset({"c5_type2", "soc2_type2", "isae3402_type2"})  # controls watched over time
OF_ONE_DAY = frozenset({"c5_type1", "soc2_type1", "isae3402_type1"})  # controls as designed on a day
AUDIT_REPORT = "audit_report"
# A report on a company's controls is a third party's audit report. One on a period also shows the controls that every
# such report looks at, whatever the questions of a released catalogue list (AICPA trust services criteria of 2017;
# ISAE 3402 on the general IT controls). It never stands for the C5 report of § 393 SGB V.
SHOWN_OVER_A_PERIOD: Mapping[str, frozenset[str]] = {
    "soc2_type2": frozenset(
        {
            "GV-03",  # CC3: risks are identified and analysed
            "IH-01",  # CC7.2: systems are monitored for anomalies
            "IH-03",  # CC7.3 to 7.5: incidents are evaluated, answered, recovered from
            "SC-03",  # CC9.2: risks of vendors and business partners
            "SD-01",  # CC8.1: changes are designed, tested, approved
            "AC-03",  # CC6.1: logical access by identity
            "AC-04",  # CC6.2 and 6.3: access is reviewed and changed
            "AC-05",  # CC6.2 and 6.3: access is removed
            "AC-08",  # CC6.4: physical access
        }
    ),
    "isae3402_type2": frozenset({"SD-01", "AC-03", "AC-04", "AC-05", "AC-08"}),
}
REPORTS = ("soc2_type2", "isae3402_type2", "soc2_type1", "isae3402_type1")
OF_A_RELEASE = frozenset({"mds2", "sbom"})
PARTS_LIST, DEVICE_FORM, PENETRATION_TEST, C5_TYPE_1 = "sbom", "mds2", "pentest_summary", "c5_type1"

MISSING = N_("Much depends on the answer; it needs a document such as: %(kind)s.")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def known(catalogue: Catalogue) -> Mapping[str, EvidenceType]:
    """Every kind of document that can be put in: those the catalogue asks for, and some that it does not."""
    return {**FURTHER, **catalogue.evidence_types}


@functools.cache
def shipped() -> Mapping[str, EvidenceType]:
    """Every kind of document, by whichever catalogue that ships it is asked for."""
    found = dict(FURTHER)
    for name in shelf.versions():
        found |= shelf.get(*name).evidence_types
    return MappingProxyType(found)


def also(question: Question) -> tuple[str, ...]:
    """Kinds that count beside a question though its catalogue does not list them."""
    asked = {wanted.type for wanted in question.evidence}
    found = [kind for kind in REPORTS if AUDIT_REPORT in asked or question.id in SHOWN_OVER_A_PERIOD.get(kind, ())]
    return tuple(kind for kind in found if asked and kind not in asked)


def text_of(catalogue: Catalogue, name: str) -> Text:
    """What a kind is called here; a kind of another catalogue by its name there, one that nobody knows by its id."""
    kind = catalogue.evidence_types.get(name) or shipped().get(name)
    return kind.text if kind is not None else Text(de=name, en=name)


def needs_its_day(evidence: EvidenceFact) -> bool:
    """A list of parts without its day shows nobody knows what state."""
    return evidence.type == PARTS_LIST and evidence.issued_on is None


def is_stale(evidence: EvidenceFact, today: date) -> bool:
    """Whether a list of parts is so old that its release has probably moved on."""
    return (
        evidence.type == PARTS_LIST
        and evidence.issued_on is not None
        and answering.add_months(evidence.issued_on, YEAR) < today
    )


def newer_release(evidence: EvidenceFact, others: Iterable[EvidenceFact]) -> str:
    """The release of its product for which a later document of this kind lies there; "" where none does."""
    if evidence.type not in OF_A_RELEASE or not (evidence.release and evidence.product and evidence.issued_on):
        return ""
    later = [
        (one.issued_on, one.release)
        for one in others
        if one.type == evidence.type
        and one.issued_on is not None
        and one.issued_on > evidence.issued_on
        and one.product.casefold() == evidence.product.casefold()
        and one.release
        and one.release.casefold() != evidence.release.casefold()
    ]
    return max(later)[1] if later else ""


def reason(
    evidence: EvidenceFact,
    wanted: EvidenceWanted | None,
    standing: EvidenceStanding,
    *,
    end: date | None,
    today: date,
    product: str = "",
    newer: str = "",
) -> Words:
    """Why a document stands as it stands, in one sentence."""
    plain: Mapping[EvidenceStanding, Words] = {
        EvidenceStanding.WRONG_TYPE: _say(N_("The question beside which it lies asks for other kinds of document.")),
        EvidenceStanding.NOT_YET: _say(N_("It is dated %(day)s, and that day lies ahead."), day=evidence.issued_on),
        EvidenceStanding.UNDATED: _undated(evidence),
        EvidenceStanding.PROVIDED: _say(N_("It is there to be read; no rule says what it proves.")),
        EvidenceStanding.OTHER_PRODUCT: _say(
            N_("What it says of its scope does not name “%(product)s”."), product=product
        ),
    }
    if standing is EvidenceStanding.EXPIRED and (end is None or end >= today):
        sentence = N_("One of release %(newer)s lies here; this one is of release %(release)s.")
        return _say(sentence, newer=newer, release=evidence.release)
    if standing is EvidenceStanding.EXPIRED and end is not None:
        return _expired(evidence, wanted, end)
    if standing is EvidenceStanding.EXPIRING and end is None:
        sentence = N_("The list is of %(day)s, more than twelve months old. Does it show the release in use?")
        return _say(sentence, day=evidence.issued_on)
    return plain.get(standing) or _good(evidence, end)


def _undated(evidence: EvidenceFact) -> Words:
    if evidence.type in OVER_A_PERIOD:
        return _say(N_("A type 2 report needs the first and the last day of the period it looked at."))
    if evidence.type == PARTS_LIST:
        return _say(N_("A list of parts needs its day; without it nobody knows which state it shows."))
    return _say(N_("It needs the day on which it was issued."))


def _expired(evidence: EvidenceFact, wanted: EvidenceWanted | None, end: date) -> Words:
    months = (wanted.validity_months if wanted else None) or YEAR
    if evidence.type in OVER_A_PERIOD:
        sentence = N_("The audited period ended on %(day)s; a type 2 report counts for %(months)s months after that.")
        return _say(sentence, day=evidence.valid_until, months=months)
    is_by_age = evidence.issued_on is not None and end == answering.add_months(evidence.issued_on, months)
    if evidence.type == C5_TYPE_1 and is_by_age:
        sentence = N_(
            "A type 1 report is of one day, %(day)s, and counts for twelve months; under § 393(4) SGB V it is enough"
            " for no longer than 18 months after the product was first placed on the market."
        )
        return _say(sentence, day=evidence.issued_on)
    if evidence.type == PENETRATION_TEST and is_by_age:
        sentence = N_("The test is of %(day)s; one older than %(months)s months shows too little of today.")
        return _say(sentence, day=evidence.issued_on, months=months)
    if is_by_age:
        sentence = N_("Issued on %(day)s; this kind of document counts for %(months)s months.")
        return _say(sentence, day=evidence.issued_on, months=months)
    return _say(N_("It ran out on %(day)s."), day=end)


def _good(evidence: EvidenceFact, end: date | None) -> Words:
    if evidence.type in OF_A_RELEASE and not evidence.release:
        return _say(N_("It counts, but nobody said which release of the product it belongs to."))
    if evidence.type in OF_A_RELEASE and end is None:
        return _say(N_("It counts for release %(release)s."), release=evidence.release)
    return _say(N_("It counts until %(day)s."), day=end) if end else _say(N_("It has no end of its own."))


def _say(text: str, **values: str | int | date | None) -> Phrase:
    return Phrase(text=text, values={name: _word(value) for name, value in values.items()})


def _word(value: str | int | date | None) -> str | int | Text:
    if isinstance(value, date):
        return Text(de=f"{value:%d.%m.%Y}", en=f"{value.day} {_MONTHS[value.month - 1]} {value.year}")
    return "" if value is None else value
