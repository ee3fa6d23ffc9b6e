"""Looking through and handing in: what is missing, what does not fit, and the signature that freezes it all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from assessments import contradictions, evidence_kinds, evidence_rules, policy, register
from assessments.model import Assessed, Contradiction, EvidenceStanding, EvidenceStatus
from portal import i18n
from portal.db.models.accounts import Company
from portal.db.models.answer_packs import AnswerPack
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.responses import Consent, Response, SignOff
from portal.errors import BadInput, NotFound, NotNow
from portal.home import BERLIN
from portal.services import audit, jobs
from portal.services.actors import COMPANY_LEADERS, Actor, company_of
from portal.services.answers import manifests, responses
from portal.services.evidence import components
from portal.services.mails import outbox
from portal.services.mails.letters import Letter
from portal.services.registers import dossiers
from portal.services.rounds import catalogues, rounds
from portal.services.rounds.rounds import Key, Round, Slot
from portal.services.scans import consents
from portal.services.vendors import vendors
from questionnaires.model import ProfileQuestion, Section, Text
from reports.receipt import EarlierEdition, Receipt, ReceiptDocument
from scanners.model import N_, Message

CHANGED = N_(
    "Since you opened this page answers or documents have been changed. Look at what stands now, and sign once more."
)
STATEMENT = "2026-1"
STATEMENTS: Mapping[str, Text] = {
    "2026-1": Text(
        de=(
            "Ich bin befugt, diese Angaben für mein Unternehmen zu machen. Sie sind eine Selbstauskunft nach bestem "
            "Wissen zum heutigen Stand und keine Zusicherung von Eigenschaften, kein Audit und kein Zertifikat. "
            "Was ich nicht weiß, habe ich offen gelassen oder so bezeichnet."
        ),
        en=(
            "I am authorised to give these answers for my company. They are a self-declaration to the best of our "
            "knowledge as of today and no warranty of properties, no audit and no certificate. What I do not know I "
            "have left open or named as such."
        ),
    )
}
WORTH_SAYING = frozenset(EvidenceStanding) - {
    EvidenceStanding.VALID,
    EvidenceStanding.PROVIDED,
    EvidenceStanding.MISSING,
}


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A contradiction with the key under which its answer can be found again."""

    contradiction: Contradiction
    key: Key
    product: str


@dataclass(frozen=True, kw_only=True)
class Lookover:
    """What stands before handing in."""

    asked: int
    missing_profile: Sequence[ProfileQuestion]
    missing: Sequence[tuple[Section, Sequence[Slot]]]
    still_returned: Sequence[Key]  # sent back by the hospital and not touched since
    contradictions: Sequence[Fit]  # what the hospital has settled comes last
    evidence: Sequence[EvidenceStatus]  # documents that prove little as they stand
    wanted: Sequence[tuple[Text, Sequence[str]]]  # kinds of document that are missing, and for which questions

    @property
    def unfitting(self) -> Sequence[Sequence[Fit]]:
        """The same, what speaks against one answer together; answers of which everything is settled come last."""
        found: dict[Key, list[Fit]] = {}
        for fit in self.contradictions:
            found.setdefault(fit.key, []).append(fit)
        return list(found.values())

    @property
    def to_clear_up(self) -> Sequence[Sequence[Fit]]:
        """Those of which something is left to settle."""
        return [fits for fits in self.unfitting if not all(fit.contradiction.settled for fit in fits)]

    @property
    def missing_count(self) -> int:
        """How many questions are left open."""
        return len(self.missing_profile) + sum(len(slots) for _section, slots in self.missing)


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Who signs, typed by hand, with the statement confirmed."""

    name: str
    function: str
    confirms: bool
    words: str = ""  # on the whole, for everybody who reads the result


def look_over(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> Lookover:
    """What is missing, what does not fit, which documents prove nothing any more."""
    assessment = responses.find(session, actor, assessment_id)
    asked = rounds.load(session, assessment, now=now)
    dossier = dossiers.build_for_company(session, company_of(actor), assessment_id, now=now)
    supplies = {
        short: supply_id
        for supply_id, short in dossiers.supply_keys(session, assessment.hospital_id, assessment.vendor_id).items()
    }
    products = {supply.id: supply.name for supply in asked.supplies}
    statuses = evidence_rules.statuses(dossier, policy.current())
    found = [
        Fit(
            contradiction=one,
            key=(one.question.id, supplies.get(one.supply or "", "")),
            product=products.get(supplies.get(one.supply or "", ""), ""),
        )
        for one in sorted(contradictions.find(dossier, policy.current()), key=lambda one: one.settled)
    ]
    return Lookover(
        asked=len(asked.slots) + len(asked.profile_questions),
        missing_profile=asked.missing_profile,
        missing=[(section, slots) for section in asked.sections if (slots := _missing_of(asked, section))],
        still_returned=_untouched(session, assessment, asked),
        contradictions=found,
        evidence=[one for one in statuses if one.standing in WORTH_SAYING],
        wanted=_wanted(statuses),
    )


def preview(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> Assessed:
    """What the hospital would read if this were signed now, as it is worked out for the hospital too."""
    company_id = company_of(actor, COMPANY_LEADERS)
    responses.find(session, actor, assessment_id)
    dossier = dossiers.build_for_company(session, company_id, assessment_id, now=now)
    return register.assess(replace(dossier, submitted_at=now), policy.current())


def looked_at(session: Session, actor: Actor, assessment_id: str) -> str:
    """By which it is known whether answers or documents have changed since somebody looked them through."""
    assessment = responses.find(session, actor, assessment_id)
    mine = select(Response).where(Response.company_id == assessment.company_id, Response.assessment_id == assessment.id)
    return manifests.digest(manifests.make(session, session.scalars(mine).one()))


def hand_in(
    session: Session, actor: Actor, assessment_id: str, signer: Signer, *, seen: str = "", base_url: str, now: datetime
) -> SignOff:
    """Sign and freeze: from here on the hospital reads this edition, and nothing of it changes.

    `seen` is what `looked_at` said when the signer looked: nobody signs what a colleague has changed behind their back.
    """
    company_of(actor, COMPANY_LEADERS)
    assessment = responses.find(session, actor, assessment_id)
    response = responses.lock(session, assessment)
    _require_in_time(assessment, now=now)
    _require_ready(assessment, response, signer)
    if seen and seen != looked_at(session, actor, assessment_id):
        raise BadInput({"": Message(text=CHANGED)})
    last = session.scalar(select(func.max(SignOff.edition)).where(SignOff.response_id == response.id))
    edition = (last or 0) + 1
    manifest = _manifest(session, assessment, response, signer, edition=edition, now=now)
    signed = SignOff(
        company_id=response.company_id,
        response_id=response.id,
        edition=edition,
        person_id=actor.person_id,
        signer_name=signer.name.strip()[:200],
        signer_function=signer.function.strip()[:200],
        statement_version=STATEMENT,
        manifest=manifest,
        sha256=manifests.digest(manifest),
        at=now,
    )
    session.add(signed)
    assessment.stage, assessment.submitted_at = Stage.SUBMITTED, now
    assessment.version += 1
    response.submitted_at = now
    session.execute(delete(AnswerPack).where(AnswerPack.assessment_id == assessment.id))  # it has served
    detail = {"edition": edition, "sha256": signed.sha256}
    for scope in (None, audit.hospital_scope(assessment.hospital_id)):
        audit.record(session, actor, "assessment.submitted", assessment.id, now=now, scope=scope, detail=detail)
    jobs.ask_for_score(session, assessment.hospital_id, assessment.id, now=now)
    if any(one["kind"] == components.KIND for one in manifest["evidence"]):
        components.ask_to_share(session, response.company_id, now=now)
    _send_receipt(session, actor, assessment, signed, link=f"{base_url}/vendor/rounds/{assessment.id}/receipt", now=now)
    return signed


def editions(session: Session, actor: Actor, assessment_id: str) -> Sequence[SignOff]:
    """Everything that was handed in, the newest first."""
    assessment = responses.find(session, actor, assessment_id)
    return session.scalars(
        select(SignOff)
        .join(Response, Response.id == SignOff.response_id)
        .where(SignOff.company_id == assessment.company_id, Response.assessment_id == assessment.id)
        .order_by(SignOff.edition.desc())
    ).all()


def newest(session: Session, actor: Actor, assessment_id: str) -> SignOff:
    """The edition that counts."""
    found = editions(session, actor, assessment_id)
    if not found:
        raise NotFound
    return found[0]


def statement_of(signed: SignOff) -> Text:
    """What was confirmed with a signature; NotNow if this installation does not know that wording."""
    text = STATEMENTS.get(signed.statement_version)
    if text is None:
        sentence = N_(
            "This was signed under a statement (version %(version)s) that this installation does not know, so no "
            "receipt can be shown. Please tell the operator; what was handed in is unharmed."
        )
        raise NotNow(Message(text=sentence, values={"version": signed.statement_version}))
    return text


def receipt(session: Session, actor: Actor, assessment_id: str, *, edition: int | None = None) -> Receipt:
    """What stands on the receipt of an edition, the newest if none is named."""
    assessment = responses.find(session, actor, assessment_id)
    found = editions(session, actor, assessment_id)
    signed = next((one for one in found if edition in {None, one.edition}), None)
    if signed is None:
        raise NotFound
    catalogue = catalogues.of(session, assessment)
    return Receipt(
        company=session.get_one(Company, signed.company_id).name,
        hospital=responses.hospital_name(session, assessment),
        products=[supply.name for supply in vendors.supplies_of(session, assessment)],
        edition=signed.edition,
        at=signed.at,
        signer_name=signed.signer_name,
        signer_function=signed.signer_function,
        statement=statement_of(signed),
        words=manifests.words(signed.manifest),
        questionnaire=" ".join(signed.manifest["catalogue"]),
        answers=len(signed.manifest["answers"]),
        documents=[
            ReceiptDocument(
                name=one["name"],
                kind=evidence_kinds.text_of(catalogue, one["kind"]),
                sha256=one["sha256"],
                issued_on=date.fromisoformat(one["issued_on"]) if one["issued_on"] else None,
                valid_to=date.fromisoformat(one["valid_to"]) if one["valid_to"] else None,
            )
            for one in signed.manifest["evidence"]
        ],
        sha256=signed.sha256,
        earlier=[
            EarlierEdition(edition=one.edition, at=one.at, name=one.signer_name, sha256=one.sha256)
            for one in found
            if one.edition < signed.edition
        ],
        consents=[one for one in consents.on_paper(session, assessment) if one.at <= signed.at],
    )


def _require_in_time(assessment: Assessment, *, now: datetime) -> None:
    """A tender closes to the second, by the clock of this server; what was not handed in stays a draft."""
    if assessment.closes_at is not None and assessment.stage is Stage.CLOSED:  # opened, withdrawn, or ended before
        sentence = N_(
            "This round closed on %(closed)s. Nothing can be handed in any more; what you have answered stays with you."
        )
        closed = assessment.closes_at.astimezone(BERLIN).strftime("%d.%m.%Y, %H:%M:%S")
        raise NotNow(Message(text=sentence, values={"closed": closed}))
    if assessment.closes_at is not None and now >= assessment.closes_at:
        sentence = N_(
            "The deadline passed on %(deadline)s; by the clock of this server it is %(now)s. Nothing can be handed in "
            "any more; your draft stays with you."
        )
        clock = "%d.%m.%Y, %H:%M:%S"
        values = {
            "deadline": assessment.closes_at.astimezone(BERLIN).strftime(clock),
            "now": now.astimezone(BERLIN).strftime(clock),
        }
        raise NotNow(Message(text=sentence, values=values))


def _require_ready(assessment: Assessment, response: Response, signer: Signer) -> None:
    if assessment.stage not in responses.WRITABLE | {Stage.RETURNED}:
        raise NotNow(Message(text=N_("This round has been handed in already.")))
    wrong: dict[str, Message] = {}
    if not signer.name.strip():
        wrong["name"] = Message(text=N_("Enter your name."))
    if not signer.function.strip():
        wrong["function"] = Message(text=N_("Enter what you do in the company."))
    if len(signer.words) > manifests.LONGEST_WORDS:
        wrong["words"] = Message(text=N_("At most %(most)s characters."), values={"most": manifests.LONGEST_WORDS})
    if not signer.confirms:
        wrong["confirms"] = Message(text=N_("Please confirm the statement; without it nothing can be handed in."))
    if not any(answer.value is not None for answer in response.answers):
        wrong[""] = Message(text=N_("There is no answer yet that could be handed in."))
    if wrong:
        raise BadInput(wrong)


def _manifest(
    session: Session, assessment: Assessment, response: Response, signer: Signer, *, edition: int, now: datetime
) -> dict[str, Any]:
    """What was answered, on which questionnaire, under which words and consents, by whom and when."""
    signed = session.scalars(
        select(Consent)
        .where(Consent.company_id == assessment.company_id, Consent.assessment_id == assessment.id)
        .order_by(Consent.at, Consent.id)
    )
    return {
        **manifests.make(session, response),
        "assessment": assessment.id,
        "edition": edition,
        "catalogue": [assessment.catalogue_id, assessment.catalogue_version],
        "question_set": assessment.question_set,
        "statement": STATEMENT,
        **({"words": words} if (words := signer.words.strip()) else {}),
        "signer": [signer.name.strip(), signer.function.strip()],
        "at": now.isoformat(),
        "documents_only": assessment.documents_only,
        "consents": [
            [one.check_class, one.kind.value, one.text_version, one.person_name, one.at.isoformat()] for one in signed
        ],
    }


def _missing_of(asked: Round, section: Section) -> Sequence[Slot]:
    return [slot for slot in asked.of_section(section.id) if slot.value is None]


def _wanted(statuses: Sequence[EvidenceStatus]) -> Sequence[tuple[Text, Sequence[str]]]:
    wanted: dict[str, tuple[Text, list[str]]] = {}
    for status in statuses:
        if status.standing is EvidenceStanding.MISSING:
            _kind, questions = wanted.setdefault(status.type, (status.type_text, []))
            questions.extend(one for one in status.question_ids if one not in questions)
    return list(wanted.values())


def _untouched(session: Session, assessment: Assessment, asked: Round) -> Sequence[Key]:
    """What the hospital sent back and nobody has changed since."""
    return [
        key
        for key in responses.returned(session, assessment)
        if (slot := asked.slot(key)) is not None
        and (slot.answer is None or (assessment.submitted_at and slot.answer.updated_at <= assessment.submitted_at))
    ]


def _send_receipt(
    session: Session, actor: Actor, assessment: Assessment, signed: SignOff, *, link: str, now: datetime
) -> None:
    with i18n.speaking(actor.language):
        letter = _receipt_letter(responses.hospital_name(session, assessment), signed, link=link, now=now)
        outbox.post(
            session,
            letter,
            kind="receipt",
            to=actor.email,
            language=i18n.language(),
            now=now,
        )


def _receipt_letter(hospital: str, signed: SignOff, *, link: str, now: datetime) -> Letter:
    _ = i18n.gettext
    when = now.astimezone(BERLIN)
    day = f"{when:%d.%m.%Y, %H:%M}" if i18n.language() == "de" else f"{when.day} {when:%b %Y, %H:%M}"
    return Letter(
        subject=_("Receipt: your self-declaration for %(hospital)s", hospital=hospital),
        paragraphs=[
            _("Good day %(name)s,", name=signed.signer_name),
            _("on %(when)s you handed in the self-declaration for %(hospital)s.", when=day, hospital=hospital),
            _(
                "Edition %(edition)s; answers: %(answers)s, documents: %(documents)s. Its fingerprint (SHA-256):",
                edition=signed.edition,
                answers=len(signed.manifest["answers"]),
                documents=len(signed.manifest["evidence"]),
            ),
            signed.sha256,
            _("With it anybody can check later that nothing was changed. Keep this mail."),
            _("The receipt as a PDF, with your documents and what comes next: %(link)s", link=f"{link}.pdf"),
        ],
        link=link,
        link_text=_("Open the receipt"),
        closing=[hospital],
    )
