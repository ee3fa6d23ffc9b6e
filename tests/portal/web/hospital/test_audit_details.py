"""Details of the audit trail as people read them: words, names and days in place of codes and ids."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.audit import AuditEvent
from portal.web.hospital import audit_details
from tests.portal import building

VENDOR = "0123456789abcdef0123"


def event(verb: str, **detail: object) -> AuditEvent:
    """One as the trail keeps it."""
    return AuditEvent(
        scope="hospital:1",
        sequence=1,
        at=datetime(2026, 5, 4, tzinfo=UTC),
        actor="A",
        verb=verb,
        subject=VENDOR,
        detail=detail,
        previous_hash="",
        hash="",
    )


@pytest.mark.parametrize(
    ("verb", "detail", "german", "english"),
    [
        (
            "intake.filled-in",
            {"tier": 1, "proposed": 2, "overridden": True},
            ["Kritikalität: 1", "vorgeschlagene Kritikalität: 2", "anders als vorgeschlagen: ja"],
            ["Tier: 1", "proposed tier: 2", "other than proposed: yes"],
        ),
        (
            "assessment.due-moved",
            {"from": "2026-05-04", "to": "2026-06-01"},
            ["vorher: 04.05.2026", "nachher: 01.06.2026"],
            ["before: 4 May 2026", "after: 1 Jun 2026"],
        ),
        ("decision.made", {"ruling": "with_conditions"}, ["Entscheidung: mit Auflagen freigegeben"], None),
        ("vendor.changed", {"fields": ["vat_id", "parent_name"]}, ["Geändert: USt-IdNr., Konzern"], None),
        ("host.changed", {"vendor": VENDOR, "role": "mail"}, ["Lieferant: Muster GmbH", "Rolle: E-Mail"], None),
        ("watching.changed", {"rescans": {"1": 3}}, ["Monate zwischen Scans: Kritikalität 1: 3"], None),
        ("export.fetched", {"kind": "register"}, ["Art: Register (Excel)"], ["Kind: Register (Excel)"]),
        ("scan.queued", {"ground": "contract: Nr. 17"}, ["Grundlage: Vertrag: Nr. 17"], None),
        ("vendor.added", {"name": "Muster GmbH"}, [], []),  # it stands before the details
        ("exported", {"export": "fedcba98765432100123"}, [], []),  # an id without a name
        ("scan.queued", {"a_field_of_tomorrow": "x"}, ["a_field_of_tomorrow: x"], None),
    ],
)
def test_a_detail_reads_as_people_write(verb, detail, german, english):
    for language, expected in (("de", german), ("en", english)):
        if expected is not None:
            with i18n.speaking(language):
                assert audit_details.told(event(verb, **detail), {VENDOR: "Muster GmbH"}) == expected


def test_ids_are_called_by_the_names_of_the_readers_own_hospital(session: Session):
    ours, theirs = building.hospital(session), building.hospital(session, "Klinikum Süd")
    vendor, stranger = building.vendor(session, ours), building.vendor(session, theirs, name="Fremde AG")
    supply = building.supply(session, vendor)
    actor = building.hospital_actor(session, ours)

    events = [event("host.changed", vendor=vendor.id, supplies=[supply.id, stranger.id]), event("vendor.ended")]
    assert audit_details.names(session, actor, events) == {vendor.id: vendor.name, supply.id: supply.name}
