"""What the next round of a vendor goes on from: the signed one before it, or nothing, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from assessments import intake as intake_forms
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.vendors import IntakeRecord, Supply, Vendor
from portal.services.actors import Actor, hospital_of
from portal.services.rounds import catalogues, follow_ups
from portal.services.rounds.catalogues import Name
from portal.services.vendors import intakes
from questionnaires import continuing, shelf
from scanners.model import N_

LOOKED_AT = frozenset({Stage.REVIEWED, Stage.CLOSED})
FAR_FROM_TIER = 3
NEAR_IT = frozenset({"remote_access", "clinical_remote_access", "cloud", "medical_device", "patient_data"})

NOTHING_SIGNED = N_("Nothing of this vendor was signed before.")
NOT_LOOKED_AT = N_("Its last answers were not reviewed.")
NO_PRODUCT = N_("No product or service of this vendor has its intake.")
NO_GROUND = N_("What was signed before is of another company, or it was never asked everything.")
NEAR_NOW = N_("It was asked the short questions of suppliers far from IT, and by its intake it no longer is one.")
OTHER_FACTS = N_("What a company is asked about itself has come out anew since.")


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A signed round that goes on to hold."""

    last: Assessment  # the last that was handed in
    whole: Assessment  # the one with all questions that began it; often the same
    newest: Name  # its catalogue, in the version that is out today
    added: tuple[Supply, ...] = ()  # of the new round: products that nobody was asked about


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """From what a round would begin; without a ground all questions are asked, for the reason that stands here."""

    last: Assessment | None
    ground: Ground | None
    why_everything: str


def beginning(session: Session, actor: Actor, vendor: Vendor, supplies: Sequence[Supply]) -> Beginning:
    """Whether a round about these supplies can be a follow-up. How long ago the last one was is no reason against it:
    what has aged is asked again, with the earlier answer beside it."""
    last = last_of(session, hospital_of(actor), vendor.id)
    why, ground = _ground(session, actor, vendor, supplies, last)
    return Beginning(last=last, ground=ground, why_everything=why)


def last_of(session: Session, hospital_id: str, vendor_id: str) -> Assessment | None:
    """The newest round of a vendor that was handed in."""
    return session.scalars(
        select(Assessment)
        .where(
            Assessment.hospital_id == hospital_id,
            Assessment.vendor_id == vendor_id,
            Assessment.submitted_at.is_not(None),
        )
        .order_by(Assessment.round.desc())
        .options(selectinload(Assessment.supplies))
        .limit(1)
    ).first()


def _ground(
    session: Session, actor: Actor, vendor: Vendor, supplies: Sequence[Supply], last: Assessment | None
) -> tuple[str, Ground | None]:
    if last is None or last.company_id is None:  # what a hospital recorded is signed by nobody
        return NOTHING_SIGNED, None
    whole = follow_ups.ground(session, last, _company_of(session, vendor))
    if whole is None:
        return NO_GROUND, None
    known = follow_ups.products(session, last)
    ground = Ground(
        last=last,
        whole=whole,
        newest=_newest(session, actor, whole),
        added=tuple(one for one in supplies if one.id not in known),
    )
    why = _too_much_has_changed(session, ground, supplies)
    return why, None if why else ground


def _too_much_has_changed(session: Session, ground: Ground, supplies: Sequence[Supply]) -> str:
    if ground.last.stage not in LOOKED_AT:
        return NOT_LOOKED_AT
    if not supplies:
        return NO_PRODUCT
    if ground.whole.catalogue_id == shelf.WITHOUT_IT_ACCESS[0] and not are_far_from_it(supplies):
        return NEAR_NOW
    whole = ground.whole
    asked = catalogues.get(session, whole.hospital_id, whole.catalogue_id, whole.catalogue_version)
    newest = catalogues.get(session, whole.hospital_id, *ground.newest)
    return "" if continuing.knows_the_company(asked, newest) else OTHER_FACTS


def _newest(session: Session, actor: Actor, whole: Assessment) -> Name:
    """The version that is offered today; the one that was asked where none is."""
    known: dict[str, Name] = {}
    for offer in catalogues.offered(session, actor):
        known.setdefault(offer.name[0], offer.name)  # of the hospital's own the newest comes first
    return known.get(whole.catalogue_id, (whole.catalogue_id, whole.catalogue_version))


def _company_of(session: Session, vendor: Vendor) -> str | None:
    """The company that took the newest of the vendor's rounds that was taken."""
    return session.scalars(
        select(Assessment.company_id)
        .where(
            Assessment.hospital_id == vendor.hospital_id,
            Assessment.vendor_id == vendor.id,
            Assessment.company_id.is_not(None),
        )
        .order_by(Assessment.round.desc())
        .limit(1)
    ).first()


def are_far_from_it(supplies: Sequence[Supply]) -> bool:
    """Whether by their intakes these come near neither systems of the hospital nor data of patients."""
    records = [intakes.current(supply) for supply in supplies]
    known = [record for record in records if record is not None]
    return bool(known) and len(known) == len(records) and all(_is_far_from_it(record) for record in known)


def _is_far_from_it(record: IntakeRecord) -> bool:
    intake = intakes.load(record)
    flags = intake_forms.flags(intake_forms.get(intake.form_version), intake)
    return record.tier >= FAR_FROM_TIER and flags.isdisjoint(NEAR_IT)
