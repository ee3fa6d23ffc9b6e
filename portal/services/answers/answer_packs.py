"""Answer packs: what a company takes along of a round, and what it brings from elsewhere, section by section."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from assessments import evidence_kinds
from portal import i18n
from portal.db.models.accounts import Company
from portal.db.models.answer_packs import AnswerPack, PackStanding
from portal.db.models.assessments import Assessment
from portal.db.models.responses import Evidence, Response
from portal.errors import BadInput, NotFound, NotNow
from portal.files import signing
from portal.files.signing import Signature
from portal.home import BERLIN
from portal.services import audit
from portal.services.actors import COMPANY_LEADERS, Actor, company_of
from portal.services.answers import manifests, responses, suggestions
from portal.services.answers.suggestions import Offer, Offered
from portal.services.evidence import evidence
from portal.services.evidence.evidence import Opened
from portal.services.rounds import catalogues
from portal.services.rounds.rounds import Key, Round
from portal.services.vendors import vendors
from questionnaires import answering, carrying, owning, packs, shelf
from questionnaires.carrying import Fit
from questionnaires.model import AnswerValue, Catalogue, ProfileQuestion, Question, QuestionSet, Scope, Text
from questionnaires.packs import AskedOf, BadPack, Pack, PackedAnswer, PackedDocument, Seal
from questionnaires.shelf import NoSuchCatalogue
from scanners.model import N_, Message

PROFILE = "profile"
OTHER_KIND = "other"  # of a document, for whoever does not know the hospital's own kinds
MOST_FILES = 100 * 2**20  # bytes of documents that travel along
PROFILE_TITLE = Text(de="Zu Unternehmen und Produkt", en="About your company and product")


@dataclass(frozen=True, kw_only=True)
class Made:
    """A pack, and the documents that travel along under their names in it."""

    pack: Pack
    catalogue: Catalogue
    files: Mapping[str, Opened]


class Nowhere(StrEnum):
    """Why an answer of a pack has no place in a round."""

    NOT_ASKED = "not-asked"
    OTHER_SCOPE = "other-scope"  # it is asked of the company here and was of a product there, or the other way round
    NO_PRODUCT = "no-product"
    NO_ANSWER = "no-answer"  # the question takes no such answer any more
    OTHER_QUESTIONS = "other-questions"  # of a questionnaire that nobody here knows


@dataclass(frozen=True, kw_only=True)
class Placed:
    """An answer of a pack beside the question of this round that it fits, or why there is none."""

    answer: PackedAnswer
    key: Key | None
    section: str
    fit: Fit
    why: Nowhere | None = None
    is_answered: bool = False
    is_open: bool = True


@dataclass(frozen=True, kw_only=True)
class PackSection:
    """What a pack holds for one section of the round."""

    id: str
    title: Text
    fits: int
    fresh: int  # needs a fresh look: the question has changed
    answered: int  # an answer stands already and stays
    waiting: int  # lies beside its question already


@dataclass(frozen=True, kw_only=True)
class PackProduct:
    """A product of the pack and what it is here; "" for answers that name none."""

    name: str
    supply_id: str  # "" none of these
    is_sure: bool  # the same name, once


@dataclass(frozen=True, kw_only=True)
class PackDocumentHere:
    """A document that the pack names."""

    document: PackedDocument
    type: Text
    is_here: bool  # the same bytes lie in the company's vault


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A document of the pack that could be taken in: what kind it probably is, and the answers it stood beside."""

    document: PackedDocument
    kind: str  # "": the company has to choose
    keys: tuple[Key, ...]


@dataclass(frozen=True, kw_only=True)
class Look:
    """A pack beside the round for which it was loaded."""

    row: AnswerPack
    pack: Pack
    is_other_company: bool
    is_known_catalogue: bool
    sections: Sequence[PackSection]
    products: Sequence[PackProduct]
    supplies: Sequence[tuple[str, str]]
    nowhere: Sequence[Placed]
    documents: Sequence[PackDocumentHere]


# ---- taking along


def make(
    session: Session,
    actor: Actor,
    assessment_id: str,
    *,
    is_draft: bool = False,
    with_files: bool = False,
    now: datetime,
) -> Made:
    """The answers of the newest edition, or as they stand, without a word of the hospital; it leaves a trace."""
    company_of(actor, COMPANY_LEADERS)
    assessment = responses.find(session, actor, assessment_id)
    response = _response(session, assessment)
    edition = None if is_draft else manifests.latest(session, response)
    if edition is None and not is_draft:
        raise NotNow(Message(text=N_("Nothing has been handed in yet. You can take your draft along.")))
    manifest = edition.manifest if edition is not None else manifests.make(session, response)
    if not manifest["answers"]:
        raise NotNow(Message(text=N_("There is no answer yet that could be taken along.")))
    catalogue, entries = _comparable(catalogues.of(session, assessment), manifest["answers"], today=_today(now))
    names = _names(session, assessment)
    beside = _beside(manifest["evidence"], entries)
    documents, files = _documents(session, assessment, beside, with_files=with_files)
    pack = Pack(
        company=session.get_one(Company, assessment.company_id).name,
        made_at=now,
        signed_off_at=edition.at if edition is not None else None,
        catalogue_id=catalogue.id,
        catalogue_version=catalogue.version,
        products=tuple(names.values()),
        answers=tuple(_packed(entry, catalogue, names, beside) for entry in entries),
        documents=documents,
    )
    detail = {"draft": is_draft, "answers": len(pack.answers), "files": len(files)}
    audit.record(session, actor, "pack.made", assessment_id, now=now, detail=detail)
    return Made(pack=pack, catalogue=catalogue, files=files)


def _comparable(
    catalogue: Catalogue, entries: Sequence[Mapping[str, Any]], *, today: date
) -> tuple[Catalogue, Sequence[Mapping[str, Any]]]:
    """A questionnaire that everybody knows, and the answers to it: what one hospital asks alone stays with it.

    A follow-up ships with us, and yet asks again what the hospital's own catalogue asked in the round before.
    """
    entries = [entry for entry in entries if not owning.is_own(entry["question"])]
    if (catalogue.id, catalogue.version) in shelf.versions():
        return catalogue, entries
    known = shelf.current()

    def is_the_same(entry: Mapping[str, Any]) -> bool:
        before, after = _question(catalogue, entry["question"]), _question(known, entry["question"])
        value = answering.load(entry["value"])
        return before is not None and after is not None and carrying.fit(before, after, value, today=today) is Fit.SAME

    return known, [entry for entry in entries if is_the_same(entry)]


def _beside(
    documents: Sequence[Mapping[str, Any]], entries: Sequence[Mapping[str, Any]]
) -> Sequence[Mapping[str, Any]]:
    """The documents, but those that only lie beside answers which stay here; what a hospital calls a kind stays too."""
    left = {(entry["question"], entry["supply"]) for entry in entries}
    return [
        {**one, "kind": OTHER_KIND if owning.is_own(one["kind"]) else one["kind"]}
        for one in documents
        if not one["for"] or any(tuple(key) in left for key in one["for"])
    ]


def _packed(
    entry: Mapping[str, Any], catalogue: Catalogue, names: Mapping[str, str], documents: Sequence[Mapping[str, Any]]
) -> PackedAnswer:
    question = catalogue.questions.get(entry["question"])
    by_product = question is not None and question.scope is Scope.SUPPLY
    beside = [entry["question"], entry["supply"]]
    return PackedAnswer(
        question=entry["question"],
        asked_of=AskedOf.PRODUCT if by_product else AskedOf.COMPANY,
        product=names.get(entry["supply"], ""),
        value=answering.load(entry["value"]),
        given_at=datetime.fromisoformat(entry["at"]),
        documents=tuple(_number(place) for place, one in enumerate(documents, start=1) if beside in one["for"]),
    )


def _documents(
    session: Session, assessment: Assessment, entries: Sequence[Mapping[str, Any]], *, with_files: bool
) -> tuple[tuple[PackedDocument, ...], Mapping[str, Opened]]:
    found = session.scalars(
        select(Evidence).where(
            Evidence.company_id == assessment.company_id, Evidence.id.in_([entry["id"] for entry in entries])
        )
    )
    rows = {row.id: row for row in found}
    files: dict[str, Opened] = {}
    documents = []
    for place, entry in enumerate(entries, start=1):
        row = rows.get(entry["id"])
        name = ""
        if with_files and row is not None and row.deleted_at is None:
            name = f"documents/{_number(place)}-{row.file_name}"[: packs.LONGEST_NAME]
            files[name] = Opened(
                owner=evidence.owner_of(row.company_id),
                blob_id=row.blob_id,
                sha256=row.sha256,
                file_name=row.file_name,
                media_type=row.media_type,
            )
        documents.append(
            PackedDocument(
                id=_number(place),
                type=entry["kind"],
                issuer=row.issuer if row is not None else "",
                scope=row.scope if row is not None else "",
                issued_on=_day(entry["issued_on"]),
                valid_from=_day(entry["valid_from"]),
                valid_to=_day(entry["valid_to"]),
                sha256=entry["sha256"],
                file=name,
            )
        )
    if sum(rows[entry["id"]].size for entry in entries if with_files and entry["id"] in rows) > MOST_FILES:
        sentence = N_("The documents together are larger than %(megabytes)s MB. Please take the pack without files.")
        raise BadInput({"files": Message(text=sentence, values={"megabytes": MOST_FILES // 2**20})})
    return tuple(documents), files


def _names(session: Session, assessment: Assessment) -> Mapping[str, str]:
    """The products of the round, each under a name of its own."""
    names: dict[str, str] = {}
    for supply in vendors.supplies_of(session, assessment):
        name, count = supply.name.strip() or "–", 1
        while name in names.values():
            count += 1
            name = f"{supply.name.strip()} ({count})"
        names[supply.id] = name[: packs.LONGEST_NAME]
    return names


def _number(place: int) -> str:
    return f"D{place}"


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


# ---- bringing


def bring(
    session: Session,
    actor: Actor,
    assessment_id: str,
    document: Mapping[str, Any],
    seal: Seal,
    *,
    file_name: str,
    our_key: bytes,
    known: Mapping[str, str],
    now: datetime,
) -> AnswerPack:
    """Lay a pack down for a round; nothing of it stands anywhere yet. `known` names instances by fingerprint."""
    company_of(actor, COMPANY_LEADERS)
    assessment = _open_round(session, actor, assessment_id)
    try:
        packs.load(document)
    except BadPack as refusal:
        raise BadInput({"file": Message(text=refusal.message.text, values=refusal.message.values)}) from refusal
    signature = Signature(public_key=seal.public_key, value=seal.value)
    standing = standing_of(signature, document, our_key=our_key, known=known)
    session.execute(delete(AnswerPack).where(AnswerPack.assessment_id == assessment.id))
    row = AnswerPack(
        company_id=assessment.company_id,
        assessment_id=assessment.id,
        document=dict(document),
        standing=standing,
        instance=known.get(signature.fingerprint, "")[:200] if standing is PackStanding.KNOWN else "",
        fingerprint=signature.fingerprint,
        products=None,
        file_name=file_name[:200],
        loaded_by=actor.name[:200],
        loaded_at=now,
    )
    session.add(row)
    session.flush()
    detail = {"standing": standing.value, "key": signature.fingerprint}
    audit.record(session, actor, "pack.brought", assessment_id, now=now, detail=detail)
    return row


def standing_of(
    signature: Signature, document: Mapping[str, Any], *, our_key: bytes, known: Mapping[str, str]
) -> PackStanding:
    """What the signature says of the document."""
    if not signing.is_signed(signature, packs.PURPOSE, packs.canonical(document)):
        return PackStanding.ALTERED
    if signature.public_key == our_key:
        return PackStanding.OURS
    return PackStanding.KNOWN if signature.fingerprint in known else PackStanding.UNKNOWN


def find(session: Session, actor: Actor, assessment_id: str) -> AnswerPack | None:
    """The pack that lies ready for a round."""
    assessment = responses.find(session, actor, assessment_id)
    return session.scalars(
        select(AnswerPack).where(
            AnswerPack.company_id == assessment.company_id, AnswerPack.assessment_id == assessment.id
        )
    ).first()


def look(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> Look:
    """What of the pack fits, what needs a fresh look, what has no place."""
    row = find(session, actor, assessment_id)
    if row is None:
        raise NotFound
    pack = packs.load(row.document)
    asked = responses.questionnaire(session, actor, assessment_id, now=now)
    products = _products(pack, asked, row.products or {})
    placed = _place(session, pack, asked, products, now=now)
    lying = suggestions.of_round(session, asked)
    here = set(
        session.scalars(
            select(Evidence.sha256).where(Evidence.company_id == row.company_id, Evidence.deleted_at.is_(None))
        )
    )
    return Look(
        row=row,
        pack=pack,
        is_other_company=_folded(session.get_one(Company, row.company_id).name) != _folded(pack.company),
        is_known_catalogue=_catalogue_of(pack) is not None,
        sections=_sections(placed, asked, lying),
        products=products,
        supplies=[(supply.id, supply.name) for supply in asked.supplies],
        nowhere=[one for one in placed if one.key is None],
        documents=[
            PackDocumentHere(
                document=one,
                type=evidence_kinds.text_of(asked.catalogue, one.type),
                is_here=one.sha256 in here,
            )
            for one in pack.documents
        ],
    )


def choose_products(
    session: Session, actor: Actor, assessment_id: str, chosen: Mapping[str, str], *, now: datetime
) -> None:
    """Say which product of this round each product of the pack is; "" for none of them."""
    company_of(actor, COMPANY_LEADERS)
    row = find(session, actor, assessment_id)
    if row is None:
        raise NotFound
    asked = responses.questionnaire(session, actor, assessment_id, now=now)
    allowed = {"", *(supply.id for supply in asked.supplies)}
    if not set(chosen.values()) <= allowed:
        raise NotFound
    row.products = {name: supply_id for name, supply_id in chosen.items() if name in _named(packs.load(row.document))}


def take(session: Session, actor: Actor, assessment_id: str, sections: Collection[str], *, now: datetime) -> Offered:
    """Lay the answers of the chosen sections beside their questions, each to be confirmed."""
    company_of(actor, COMPANY_LEADERS)
    row = find(session, actor, assessment_id)
    if row is None:
        raise NotFound
    pack = packs.load(row.document)
    asked = responses.questionnaire(session, actor, assessment_id, now=now)
    placed = _place(session, pack, asked, _products(pack, asked, row.products or {}), now=now)
    offers = [
        Offer(
            key=one.key,
            value=one.answer.value,
            given_at=min(one.answer.given_at, now),
            is_changed=one.fit is Fit.CHANGED,
        )
        for one in placed
        if one.key is not None and one.section in sections and not one.is_answered
    ]
    return suggestions.offer(session, actor, assessment_id, offers, source=_source(row, pack), now=now)


def documents_left(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> Sequence[Waiting]:
    """The documents of the pack that the company's vault does not hold, with what is proposed for each."""
    company_of(actor, COMPANY_LEADERS)
    assessment = _open_round(session, actor, assessment_id)
    row = find(session, actor, assessment_id)
    if row is None:
        raise NotFound
    pack = packs.load(row.document)
    asked = responses.questionnaire(session, actor, assessment_id, now=now)
    kinds = evidence_kinds.known(asked.catalogue)
    keys: dict[str, list[Key]] = {}
    for one in _place(session, pack, asked, _products(pack, asked, row.products or {}), now=now):
        if one.key is not None and one.is_open:
            for document_id in one.answer.documents:
                keys.setdefault(document_id, []).append(one.key)
    here = set(
        session.scalars(
            select(Evidence.sha256).where(Evidence.company_id == assessment.company_id, Evidence.deleted_at.is_(None))
        )
    )
    return [
        Waiting(
            document=one,
            kind=one.type if one.type in kinds else OTHER_KIND if OTHER_KIND in kinds else "",
            keys=tuple(keys.get(one.id, ())),
        )
        for one in pack.documents
        if one.sha256 not in here
    ]


def forget(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> None:
    """Throw the pack away; what was laid beside questions stays there."""
    company_of(actor, COMPANY_LEADERS)
    row = find(session, actor, assessment_id)
    if row is not None:
        session.delete(row)
        audit.record(session, actor, "pack.forgotten", assessment_id, now=now)


def _source(row: AnswerPack, pack: Pack) -> str:
    """Where the answers come from, in the words of whoever brings them."""
    _ = i18n.gettext
    match row.standing:
        case PackStanding.OURS | PackStanding.KNOWN:
            words = _("Answer pack, unchanged")
        case PackStanding.UNKNOWN:
            words = _("Answer pack, unknown signature")
        case PackStanding.ALTERED:
            words = _("Answer pack, changed since it was signed")
    return words if pack.signed_off_at is not None else f"{words}, {_('draft')}"


# ---- where an answer belongs


def _place(
    session: Session, pack: Pack, asked: Round, products: Sequence[PackProduct], *, now: datetime
) -> Sequence[Placed]:
    before, today = _catalogue_of(pack), _today(now)
    here = {one.name: one.supply_id for one in products}
    answered = {
        (row.question_id, row.supply_id)
        for row in (asked.response.answers if asked.response else ())
        if row.value is not None
    }
    remarks = responses.returned(session, asked.assessment)
    wanted = set(asked.catalogue.sets[QuestionSet(asked.assessment.question_set)].question_ids)
    found = []
    for answer in pack.answers:
        question = _question(asked.catalogue, answer.question)
        is_asked = isinstance(question, ProfileQuestion) or answer.question in wanted
        if question is None or not is_asked:
            found.append(_nowhere(answer, Nowhere.NOT_ASKED))
            continue
        if before is None and pack.catalogue_id != asked.catalogue.id:
            found.append(_nowhere(answer, Nowhere.OTHER_QUESTIONS))
            continue
        by_product = isinstance(question, Question) and question.scope is Scope.SUPPLY
        if by_product != (answer.asked_of is AskedOf.PRODUCT):
            found.append(_nowhere(answer, Nowhere.OTHER_SCOPE))
            continue
        supply_id = here.get(answer.product, "") if by_product and asked.supplies else ""
        if by_product and asked.supplies and not supply_id:
            found.append(_nowhere(answer, Nowhere.NO_PRODUCT))
            continue
        fit = _fit(before, question, answer.value, today=today)
        if fit is Fit.NONE:
            found.append(_nowhere(answer, Nowhere.NO_ANSWER))
            continue
        key = (answer.question, supply_id)
        found.append(
            Placed(
                answer=answer,
                key=key,
                section=question.section if isinstance(question, Question) else PROFILE,
                fit=fit,
                is_answered=key in answered,
                is_open=responses.is_open(asked.assessment, remarks, key),
            )
        )
    return found


def _nowhere(answer: PackedAnswer, why: Nowhere) -> Placed:
    return Placed(answer=answer, key=None, section="", fit=Fit.NONE, why=why)


def _fit(before: Catalogue | None, question: Question | ProfileQuestion, value: AnswerValue, *, today: date) -> Fit:
    """A questionnaire that nobody here knows may have asked something else under the same number."""
    earlier = _question(before, question.id) if before is not None else None
    if earlier is None and owning.is_own(question.id):
        return Fit.NONE  # two hospitals may have given one number to two questions of their own
    fit = carrying.fit(earlier or question, question, value, today=today)
    return Fit.CHANGED if earlier is None and fit is Fit.SAME else fit


def _catalogue_of(pack: Pack) -> Catalogue | None:
    try:
        return shelf.get(pack.catalogue_id, pack.catalogue_version)
    except NoSuchCatalogue:
        return None


def _question(catalogue: Catalogue, question_id: str) -> Question | ProfileQuestion | None:
    profile = {one.id: one for one in answering.asked_profile(catalogue)}
    return catalogue.questions.get(question_id) or profile.get(question_id)


def _named(pack: Pack) -> Sequence[str]:
    """What the pack's answers about products call them."""
    return list(dict.fromkeys(one.product for one in pack.answers if one.asked_of is AskedOf.PRODUCT))


def _products(pack: Pack, asked: Round, chosen: Mapping[str, Any]) -> Sequence[PackProduct]:
    """Each product of the pack beside that of this round with the same name, if there is exactly one such."""
    if not asked.supplies:
        return ()
    found = []
    for name in _named(pack):
        same = [supply.id for supply in asked.supplies if name and _folded(supply.name) == _folded(name)]
        twins = [other for other in pack.products if _folded(other) == _folded(name)]
        is_sure = len(same) == 1 and len(twins) == 1
        supply_id = str(chosen.get(name, same[0] if is_sure else ""))
        found.append(PackProduct(name=name, supply_id=supply_id, is_sure=is_sure))
    return found


def _sections(placed: Sequence[Placed], asked: Round, lying: Mapping[Key, Any]) -> Sequence[PackSection]:
    titles = {PROFILE: PROFILE_TITLE} | {section.id: section.title for section in asked.catalogue.sections}
    found = []
    for section, title in titles.items():
        ours = [one for one in placed if one.key is not None and one.section == section and one.is_open]
        if not ours:
            continue
        left = [one for one in ours if not one.is_answered]
        waiting = [one for one in left if one.key in lying]
        fresh = [one for one in left if one not in waiting and one.fit is Fit.CHANGED]
        found.append(
            PackSection(
                id=section,
                title=title,
                fits=len(left) - len(waiting) - len(fresh),
                fresh=len(fresh),
                answered=len(ours) - len(left),
                waiting=len(waiting),
            )
        )
    return found


def _today(now: datetime) -> date:
    return now.astimezone(BERLIN).date()


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _response(session: Session, assessment: Assessment) -> Response:
    return session.scalars(
        select(Response).where(Response.company_id == assessment.company_id, Response.assessment_id == assessment.id)
    ).one()


def _open_round(session: Session, actor: Actor, assessment_id: str) -> Assessment:
    assessment = responses.find(session, actor, assessment_id)
    if not responses.head(session, actor, assessment_id).may_be_changed:
        raise NotNow(Message(text=N_("This round has been handed in and can no longer be changed.")))
    return assessment
