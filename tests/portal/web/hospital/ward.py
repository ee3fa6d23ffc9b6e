"""A hospital with vendors in every stage, filled through the services: what the tests of its pages walk through."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments import intake as intake_form
from portal.db.models.accounts import Company, CompanyRole, HospitalRole, Person
from portal.db.models.assessments import Assessment, ReviewState, Stage
from portal.db.models.jobs import OutboxMail
from portal.db.models.responses import Answer, AnswerEvidence, Evidence, Response, SignOff
from portal.db.models.vendors import Supply, Vendor
from portal.services.actors import Actor
from portal.services.answers import manifests, reviews, submissions
from portal.services.registers import scores
from portal.services.rounds import invitations, rounds
from portal.services.rounds.invitation_links import Invitee
from portal.services.rounds.invitations import RoundFields
from portal.services.scans import scan_results, scans
from portal.services.vendors import intakes, vendors
from portal.services.vendors.intakes import Override
from portal.services.vendors.vendors import HostFields, SupplyFields, VendorFields
from questionnaires import answering
from questionnaires.model import AnswerKind, AnswerShape, AnswerValue, QuestionSet
from scanners.catalogue import CHECKS
from scanners.model import Finding, Message, Outcome, Subject, SubjectKind
from scanners.observations import Reason
from tests.portal import building
from tests.portal.kept import kept

BASE_URL = "https://kettenblick.klinik.example"
CRITICAL = {
    "clinical_process": "life_support",
    "patient_safety": "life",
    "outage": "h1",
    "data_loss": "h1",
    "fallback": "none",
}
ORDINARY = {
    "clinical_process": "care_support",
    "patient_safety": "delay",
    "outage": "h24",
    "data_loss": "h24",
    "fallback": "written",
}
MINOR = {
    "clinical_process": "none",
    "patient_safety": "none",
    "outage": "longer",
    "data_loss": "not_relevant",
    "fallback": "rehearsed",
}


@dataclass(kw_only=True)
class Ward:
    """The hospital, one actor per role, and the ids of what stands in it, by the vendor's name."""

    hospital_id: str
    admin: Actor
    assessor: Actor
    decider: Actor
    auditor: Actor
    vendors: dict[str, str] = field(default_factory=dict)
    supplies: dict[str, str] = field(default_factory=dict)
    assessments: dict[str, str] = field(default_factory=dict)

    @property
    def by_role(self) -> dict[HospitalRole, Actor]:
        return {
            HospitalRole.ADMIN: self.admin,
            HospitalRole.ASSESSOR: self.assessor,
            HospitalRole.DECIDER: self.decider,
            HospitalRole.AUDITOR: self.auditor,
        }


def empty(session: Session, name: str = "Klinikum Nord", **values) -> Ward:
    """A hospital with its people and nothing else."""
    of = building.hospital(session, name, city="Musterstadt", contact_name="Jens Petermann", **values)
    of.contact_email, of.contact_phone = "einkauf@klinik.example", "+49 30 23125 014"
    made = {role: building.hospital_actor(session, of, role) for role in HospitalRole}
    return Ward(
        hospital_id=of.id,
        admin=made[HospitalRole.ADMIN],
        assessor=made[HospitalRole.ASSESSOR],
        decider=made[HospitalRole.DECIDER],
        auditor=made[HospitalRole.AUDITOR],
    )


@kept
def one(session: Session, now: datetime, *, name: str = "Strahlwerk Medizintechnik GmbH", quality: float = 0.6) -> Ward:
    """A hospital with one vendor that was scanned, has answered all and waits for the review."""
    ward = empty(session)
    begin = now - timedelta(days=30)
    add(session, ward, name, "PACS Archiv", domain="strahlwerk.example", hosts=2, now=begin)
    invite(session, ward, name, now=begin + timedelta(hours=1), due=now.date() + timedelta(days=5))
    accept(session, ward, name, now=begin + timedelta(days=1))
    scan(session, ward, name, quality=quality, now=begin + timedelta(days=2))
    answer_all(session, ward, name, quality=quality, now=begin + timedelta(days=20))
    hand_in(session, ward, name, now=begin + timedelta(days=25), released=True)
    score(session, ward, name, now=now)
    return ward


@kept
def full(session: Session, now: datetime) -> Ward:
    """A dozen vendors, one for each way a round can stand."""
    ward = empty(session, "Klinikum Lindenau")
    begin = now - timedelta(days=60)
    reviewed = (
        ("Brückner Integrationssysteme GmbH", "KIS-Schnittstellenserver", "kis", CRITICAL, 0.97),
        ("Strahlwerk Medizintechnik GmbH", "PACS Archiv", "pacs", CRITICAL, 0.66),
        ("Infusia AG", "Infusionspumpen mit zentraler Steuerung", "infusion", CRITICAL, 0.85),
        ("Laborwolke Diagnostik GmbH & Co. KG", "Labor-Cloud", "laboratory", ORDINARY, 0.5),
    )
    for name, product, group, answers, quality in reviewed:
        add(session, ward, name, product, group=group, intake=answers, domain=_domain(name), hosts=2, now=begin)
        invite(session, ward, name, now=begin + timedelta(hours=1), due=(now - timedelta(days=10)).date())
        accept(session, ward, name, now=begin + timedelta(days=1))
        scan(session, ward, name, quality=quality, now=begin + timedelta(days=2))
        answer_all(session, ward, name, quality=quality, now=begin + timedelta(days=30))
        hand_in(session, ward, name, now=begin + timedelta(days=40), released=True)
        score(session, ward, name, now=now - timedelta(days=15))
    review_all(session, ward, "Brückner Integrationssysteme GmbH", now=now - timedelta(days=12))
    add(session, ward, "Infusia AG", "Fernwartung der Pumpenserver", group="remote-maintenance", now=begin)

    add(session, ward, "TeleDoc Süd eG", "Videosprechstunde", group="telemedicine", intake=ORDINARY, hosts=1,
        domain="teledoc-sued.example", now=begin)  # fmt: skip
    invite(session, ward, "TeleDoc Süd eG", now=begin + timedelta(days=1), due=(now - timedelta(days=3)).date())
    accept(session, ward, "TeleDoc Süd eG", now=begin + timedelta(days=3))
    scan(session, ward, "TeleDoc Süd eG", quality=0.4, now=begin + timedelta(days=4))
    answer_all(session, ward, "TeleDoc Süd eG", quality=0.4, share=0.6, now=now - timedelta(days=5))
    score(session, ward, "TeleDoc Süd eG", now=now)

    add(session, ward, "Fernwart Service GmbH", "Fernwartung Radiologie", group="remote-maintenance", intake=ORDINARY,
        domain="fernwart.example", hosts=1, now=begin)  # fmt: skip
    invite(session, ward, "Fernwart Service GmbH", now=now - timedelta(days=20), due=(now + timedelta(days=4)).date())
    accept(session, ward, "Fernwart Service GmbH", now=now - timedelta(days=18))
    document_only(session, ward, "Fernwart Service GmbH")
    answer_all(session, ward, "Fernwart Service GmbH", quality=0.8, now=now - timedelta(days=6))
    hand_in(session, ward, "Fernwart Service GmbH", now=now - timedelta(days=2))
    score(session, ward, "Fernwart Service GmbH", now=now)

    add(session, ward, "Sterilgut Nord KG", "Aufbereitung von Sterilgut", group="logistics", intake=ORDINARY, hosts=1,
        domain="sterilgut-nord.example", now=begin)  # fmt: skip
    invite(session, ward, "Sterilgut Nord KG", now=now - timedelta(days=8), due=(now + timedelta(days=20)).date())
    add(session, ward, "Rechenwerk Hosting GmbH", "Rechenzentrum", group="network", intake=CRITICAL, hosts=3,
        domain="rechenwerk.example", now=begin)  # fmt: skip
    scan(session, ward, "Rechenwerk Hosting GmbH", quality=0.7, now=now - timedelta(days=1))
    add(session, ward, "Gebäudetechnik Kern", "Lüftungssteuerung OP", group="building", intake=CRITICAL, now=begin)
    add(session, ward, "Speisewerk Catering", "Menüerfassung", group="logistics", intake=MINOR, now=begin)
    add(session, ward, "Papier & Büro Handels GmbH", "Büromaterial", group="administration", intake=None, now=begin)
    vendors.add(session, ward.assessor, VendorFields(name="Noch ohne Produkt GmbH"), now=begin)
    for name in ward.assessments:  # rows say what the register would say now
        score(session, ward, name, now=now)
    return ward


# ---- one step each


def add(
    session: Session,
    ward: Ward,
    name: str,
    product: str,
    *,
    now: datetime,
    group: str = "",
    domain: str = "",
    intake: dict[str, str] | None = CRITICAL,
    hosts: int = 0,
) -> Supply:
    """A vendor, unless it stands already, with one more product, its intake and its hosts."""
    if name not in ward.vendors:
        fields = VendorFields(
            name=name,
            domain=domain,
            contact_name="Erika Muster",
            contact_email=f"erika@{domain or 'firma.example'}",
            note="Rahmenvertrag läuft über den Einkaufsverbund.",
        )
        ward.vendors[name] = vendors.add(session, ward.assessor, fields, now=now).id
    fields = SupplyFields(
        name=product,
        product_group=group,
        department="Radiologie",
        owner_name="Dr. Anna Berg",
        contract_ends_on=date(2028, 12, 31),
    )
    supply = vendors.add_supply(session, ward.assessor, ward.vendors[name], fields, now=now)
    ward.supplies.setdefault(name, supply.id)
    if intake is not None:
        fill_in(session, ward, supply.id, intake, now=now)
    for host in ("portal", "www", "update")[:hosts]:
        fields = HostFields(name=f"{host}.{domain}", ground_note="Vertrag 2024/17 § 9")
        vendors.name_host(session, ward.assessor, ward.vendors[name], fields, now=now, permitted=("example",))
    return supply


def fill_in(
    session: Session,
    ward: Ward,
    supply_id: str,
    chosen: dict[str, str],
    *,
    now: datetime,
    override: Override | None = None,
) -> None:
    given = {
        question.id: (chosen.get(question.id, question.options[-1 if chosen is MINOR else 0].id),)
        for question in intake_form.current().questions
    }
    intakes.fill_in(session, ward.assessor, supply_id, given, now=now, override=override)
    session.flush()


def invite(session: Session, ward: Ward, name: str, *, now: datetime, due: date) -> str:
    """Begin a round; gives the token of the mail."""
    session.expire_all()
    vendor = vendors.find(session, ward.assessor, ward.vendors[name])
    supplies = [supply for supply in vendor.supplies if supply.intakes]
    by_tier = invitations.set_by_tier(session, supplies) or QuestionSet.FULL
    assessment = invitations.begin(
        session,
        ward.assessor,
        vendor.id,
        RoundFields(
            supply_ids=[supply.id for supply in supplies],
            due_on=max(due, now.date() + timedelta(days=1)),
            question_set=by_tier,
        ),
        Invitee(email=vendor.contact_email, name=vendor.contact_name),
        base_url=BASE_URL,
        now=now,
    )
    assessment.due_on = due
    ward.assessments[name] = assessment.id
    session.flush()
    return token_of(session)


def token_of(session: Session) -> str:
    """The token in the newest invitation mail."""
    mail = session.scalars(
        select(OutboxMail).where(OutboxMail.kind == "invitation").order_by(OutboxMail.created_at.desc(), OutboxMail.id)
    ).first()
    found = re.search(rf"{BASE_URL}/invitation/(\S+)", mail.text)
    return found[1]


def accept(session: Session, ward: Ward, name: str, *, now: datetime, actor: Actor | None = None) -> Actor:
    """By a new company, or by the one that somebody leads already."""
    company = session.get_one(Company, actor.company_id) if actor else building.company(session, name)
    actor = actor or building.company_actor(session, company, CompanyRole.LEAD)
    assessment = session.get_one(Assessment, ward.assessments[name])
    token = _token_for(session, assessment)
    person = session.get_one(Person, actor.person_id)
    invitations.accept(session, token, person=person, company=company, now=now)
    session.flush()
    return actor


def _token_for(session: Session, assessment: Assessment) -> str:
    email = session.get_one(Vendor, assessment.vendor_id).contact_email
    mail = session.scalars(
        select(OutboxMail).where(OutboxMail.kind == "invitation", OutboxMail.to_address == email)
        .order_by(OutboxMail.created_at.desc())
    ).first()  # fmt: skip
    return re.search(rf"{BASE_URL}/invitation/(\S+)", mail.text)[1]


def document_only(session: Session, ward: Ward, name: str) -> None:
    session.get_one(Assessment, ward.assessments[name]).documents_only = True


def scan(session: Session, ward: Ward, name: str, *, quality: float, now: datetime) -> str:
    """Every check with a verdict, better or worse."""
    run = scans.queue_by_hospital(session, ward.assessor, ward.vendors[name], now=now)
    scans.start(session, ward.hospital_id, run.id, now=now)
    session.flush()
    luck = random.Random(name)
    findings = []
    for check in CHECKS.values():
        places = run.hosts if check.subject is SubjectKind.HOST else [run.hosts[0].partition(".")[2]]
        for place in places:
            throw = luck.random()
            outcome = Outcome.PASS if throw < quality else Outcome.FAIL if throw < quality + 0.2 else Outcome.WARN
            outcome = Outcome.UNKNOWN if luck.random() < 0.06 else outcome
            findings.append(
                Finding(
                    check_id=check.id,
                    subject=Subject(kind=check.subject, name=place),
                    outcome=outcome,
                    severity=check.severity,
                    fact=Message(text="Accepted: %(versions)s.", values={"versions": "TLS 1.0, TLS 1.1"}),
                    at=now,
                    address="192.0.2.17",
                    reason=Reason.TIMEOUT if outcome is Outcome.UNKNOWN else None,
                )
            )
    later = now + timedelta(seconds=48)
    scan_results.complete(session, ward.hospital_id, run.id, seen=(), findings=findings, now=later)
    session.flush()
    return run.id


def answer_all(
    session: Session, ward: Ward, name: str, *, quality: float, now: datetime, share: float = 1.0, comment: str = ""
) -> None:
    """Profile and questions, so good; `share` of the questions only."""
    assessment = session.get_one(Assessment, ward.assessments[name])
    response = session.scalars(select(Response).where(Response.assessment_id == assessment.id)).one()
    luck = random.Random(name + "answers")
    company_id = response.company_id

    def put(question_id: str, supply_id: str, value: AnswerValue) -> None:
        session.add(
            Answer(
                company_id=company_id,
                response_id=response.id,
                question_id=question_id,
                supply_id=supply_id,
                value=answering.dump(value),
                updated_at=now,
                updated_by="Erika Muster",
            )
        )

    asked = rounds.load(session, assessment, now=now)
    for question in asked.profile_questions:
        put(question.id, "", _some(question.shape, 1.0, luck))
    session.flush()
    session.expire_all()
    slots = rounds.load(session, assessment, now=now).slots
    for slot in slots[: round(len(slots) * share)]:
        wanted = 1.0 if luck.random() < quality else luck.random()
        value = _some(slot.question.shape, wanted, luck)
        remark = comment or ("Siehe Nachweis." if luck.random() > 0.8 else "")
        put(slot.question.id, slot.supply_id, AnswerValue(**{**vars(value), "comment": value.comment or remark}))
    if assessment.stage is Stage.ACCEPTED:
        assessment.stage = Stage.ANSWERING
    session.flush()
    _evidence(session, response, slots[: round(len(slots) * share)], now=now)


def _some(shape: AnswerShape, wanted: float, luck: random.Random) -> AnswerValue:
    match shape.kind:
        case AnswerKind.NUMBER:
            candidates = [AnswerValue(number=float(number)) for number in (0, 1, 4, 12, 24, 72, 500)]
        case AnswerKind.DATE:
            candidates = [AnswerValue(day=date.today() - timedelta(days=days)) for days in (30, 300, 500, 900)]
        case AnswerKind.TEXT:
            return AnswerValue(text="Siehe Betriebshandbuch, Abschnitt 4.")
        case AnswerKind.MULTI_CHOICE:
            options = [option.id for option in shape.options]
            return AnswerValue(choices=tuple(options[: max(1, round(wanted * len(options)))]))
        case _:
            candidates = [AnswerValue(choices=(option.id,), comment="Begründung" if option.needs_comment else "")
                          for option in shape.options if option.id != "na"]  # fmt: skip
    today = date.today()
    return min(
        candidates, key=lambda one: abs((answering.share(shape, one, today=today) or 0) - wanted) + luck.random() / 100
    )


def _evidence(session: Session, response: Response, slots, *, now: datetime) -> None:
    for number, slot in enumerate([slot for slot in slots if slot.question.evidence][:6]):
        document = Evidence(
            company_id=response.company_id,
            kind=slot.question.evidence[0].type,
            file_name=f"Nachweis {slot.question.id} 2026.pdf",
            media_type="application/pdf",
            size=230_000,
            sha256=f"{number:064x}",
            blob_id=f"{response.id}-{number}"[:64],
            issued_on=now.date() - timedelta(days=200 * (number + 1)),
            valid_to=now.date() + timedelta(days=400 - 120 * number),
            uploaded_by="Erika Muster",
            uploaded_at=now,
        )
        session.add(document)
        session.flush()
        session.add(
            AnswerEvidence(
                company_id=response.company_id,
                response_id=response.id,
                question_id=slot.question.id,
                supply_id=slot.supply_id,
                evidence_id=document.id,
            )
        )
    session.flush()


def hand_in(session: Session, ward: Ward, name: str, *, now: datetime, released: bool = False) -> None:
    """Sign what stands there."""
    session.expire_all()
    assessment = session.get_one(Assessment, ward.assessments[name])
    response = session.scalars(select(Response).where(Response.assessment_id == assessment.id)).one()
    catalogue = [assessment.catalogue_id, assessment.catalogue_version]
    manifest = {**manifests.make(session, response), "catalogue": catalogue}
    signer = building.person(session, f"signer-{assessment.id}@firma.example")
    last = manifests.latest(session, response)
    session.add(
        SignOff(
            company_id=response.company_id,
            response_id=response.id,
            edition=(last.edition if last else 0) + 1,
            person_id=signer.id,
            signer_name="Erika Muster",
            signer_function="Geschäftsführerin",
            statement_version=submissions.STATEMENT,
            manifest=manifest,
            sha256=manifests.digest(manifest),
            at=now,
        )
    )
    response.submitted_at = assessment.submitted_at = now
    response.released_at = now if released else None
    assessment.stage = Stage.SUBMITTED
    session.flush()


def review_all(session: Session, ward: Ward, name: str, *, now: datetime) -> None:
    assessment = session.get_one(Assessment, ward.assessments[name])
    for slot in rounds.load(session, assessment, now=now).slots:
        if slot.value is not None:
            reviews.say(session, ward.assessor, assessment.id, slot.key, ReviewState.ACCEPTED, now=now)
    reviews.finish(session, ward.assessor, assessment.id, base_url=BASE_URL, now=now)
    session.flush()


def score(session: Session, ward: Ward, name: str, *, now: datetime) -> None:
    session.flush()
    scores.refresh(session, ward.hospital_id, ward.assessments[name], now=now)
    session.flush()


def _domain(name: str) -> str:
    word = name.split(maxsplit=1)[0].lower().replace("ü", "ue").replace("ä", "ae").replace("ö", "oe")
    return f"{word}.example"
