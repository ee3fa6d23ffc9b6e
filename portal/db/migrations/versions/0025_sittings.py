"""Sittings and decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

KEPT = ("decision", "decision_reopening", "decision_event")  # only added to


def upgrade() -> None:
    op.create_table(
        "sitting",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("body", sa.String(length=32), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("begins", sa.String(length=5), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("snapshot_id", sa.String(length=20), nullable=True),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("minutes", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("minutes_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "snapshot_id"],
            ["snapshot.hospital_id", "snapshot.id"],
            name=op.f("fk_sitting_hospital_id_snapshot_id"),
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_sitting_hospital_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sitting")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_sitting_hospital_id_id")),
        sa.UniqueConstraint("hospital_id", "number", name=op.f("uq_sitting_hospital_id_number")),
    )
    op.create_table(
        "sitting_participant",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("sitting_id", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("function", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("is_voting", sa.Boolean(), nullable=False),
        sa.Column("is_chair", sa.Boolean(), nullable=False),
        sa.Column("presence", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "sitting_id"],
            ["sitting.hospital_id", "sitting.id"],
            name=op.f("fk_sitting_participant_hospital_id_sitting_id"),
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_sitting_participant_hospital_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sitting_participant")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_sitting_participant_hospital_id_id")),
    )
    op.create_index(
        "ix_sitting_participant_sitting", "sitting_participant", ["hospital_id", "sitting_id"], unique=False
    )
    op.create_table(
        "agenda_item",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("sitting_id", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=True),
        sa.Column("supply_id", sa.String(length=20), nullable=True),
        sa.Column("topic", sa.String(length=300), nullable=False),
        sa.Column("why", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("ruling", sa.String(length=32), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("conditions", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "sitting_id"],
            ["sitting.hospital_id", "sitting.id"],
            name=op.f("fk_agenda_item_hospital_id_sitting_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "supply_id"],
            ["supply.hospital_id", "supply.id"],
            name=op.f("fk_agenda_item_hospital_id_supply_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_agenda_item_hospital_id_vendor_id"),
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_agenda_item_hospital_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_item")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_agenda_item_hospital_id_id")),
    )
    op.create_index("ix_agenda_item_sitting", "agenda_item", ["hospital_id", "sitting_id"], unique=False)
    op.create_table(
        "sitting_vote",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("item_id", sa.String(length=20), nullable=False),
        sa.Column("participant_id", sa.String(length=20), nullable=False),
        sa.Column("ballot", sa.String(length=32), nullable=False),
        sa.Column("conflict", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "item_id"],
            ["agenda_item.hospital_id", "agenda_item.id"],
            name=op.f("fk_sitting_vote_hospital_id_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "participant_id"],
            ["sitting_participant.hospital_id", "sitting_participant.id"],
            name=op.f("fk_sitting_vote_hospital_id_participant_id"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "item_id", "participant_id", name=op.f("pk_sitting_vote")),
    )
    op.create_table(
        "decision",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=True),
        sa.Column("supply_id", sa.String(length=20), nullable=True),
        sa.Column("topic", sa.String(length=300), nullable=False),
        sa.Column("ruling", sa.String(length=32), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("authority", sa.String(length=32), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("standing", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("tier", sa.Integer(), nullable=True),
        sa.Column("grade", sa.String(length=1), nullable=True),
        sa.Column("residual", sa.String(length=20), nullable=True),
        sa.Column("score_id", sa.String(length=20), nullable=True),
        sa.Column("snapshot_id", sa.String(length=20), nullable=True),
        sa.Column("policy_version", sa.String(length=20), nullable=False),
        sa.Column("item_id", sa.String(length=20), nullable=True),
        sa.Column("tally", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("supersedes_id", sa.String(length=20), nullable=True),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "item_id"],
            ["agenda_item.hospital_id", "agenda_item.id"],
            name=op.f("fk_decision_hospital_id_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "score_id"],
            ["score.hospital_id", "score.id"],
            name=op.f("fk_decision_hospital_id_score_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "snapshot_id"],
            ["snapshot.hospital_id", "snapshot.id"],
            name=op.f("fk_decision_hospital_id_snapshot_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "supersedes_id"],
            ["decision.hospital_id", "decision.id"],
            name=op.f("fk_decision_hospital_id_supersedes_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "supply_id"],
            ["supply.hospital_id", "supply.id"],
            name=op.f("fk_decision_hospital_id_supply_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_decision_hospital_id_vendor_id"),
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_decision_hospital_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_decision_hospital_id_id")),
        sa.UniqueConstraint("hospital_id", "number", name=op.f("uq_decision_hospital_id_number")),
    )
    op.create_index("ix_decision_vendor", "decision", ["hospital_id", "vendor_id"], unique=False)
    op.create_table(
        "decision_condition",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("decision_id", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("action_id", sa.String(length=20), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("answered_by", sa.String(length=200), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "action_id"],
            ["action.hospital_id", "action.id"],
            name=op.f("fk_decision_condition_hospital_id_action_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "decision_id"],
            ["decision.hospital_id", "decision.id"],
            name=op.f("fk_decision_condition_hospital_id_decision_id"),
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_decision_condition_hospital_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_condition")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_decision_condition_hospital_id_id")),
    )
    op.create_index(
        "ix_decision_condition_decision", "decision_condition", ["hospital_id", "decision_id"], unique=False
    )
    op.create_table(
        "decision_reopening",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("decision_id", sa.String(length=20), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("before", sa.String(length=40), nullable=False),
        sa.Column("after", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "decision_id"],
            ["decision.hospital_id", "decision.id"],
            name=op.f("fk_decision_reopening_hospital_id_decision_id"),
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_decision_reopening_hospital_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_reopening")),
        sa.UniqueConstraint(
            "hospital_id",
            "decision_id",
            "cause",
            "key",
            name=op.f("uq_decision_reopening_hospital_id_decision_id_cause_key"),
        ),
    )
    op.create_table(
        "decision_event",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("decision_id", sa.String(length=20), nullable=False),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("document", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "decision_id"],
            ["decision.hospital_id", "decision.id"],
            name=op.f("fk_decision_event_hospital_id_decision_id"),
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_decision_event_hospital_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_event")),
    )
    op.create_index("ix_decision_event_decision", "decision_event", ["hospital_id", "decision_id", "at"], unique=False)
    _refuse_changes()


def _refuse_changes() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in KEPT:
            for act in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                    "BEGIN SELECT RAISE(ABORT, 'decisions are only added to'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION decision_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'decisions are only added to'; END $$"
    )
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION decision_refuse()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in KEPT:
            for act in ("UPDATE", "DELETE"):
                op.execute(f"DROP TRIGGER {table}_no_{act.lower()}")
    else:
        for table in KEPT:
            op.execute(f"DROP TRIGGER {table}_no_change ON {table}")
        op.execute("DROP FUNCTION decision_refuse()")
    op.drop_index("ix_decision_event_decision", table_name="decision_event")
    op.drop_table("decision_event")
    op.drop_table("decision_reopening")
    op.drop_index("ix_decision_condition_decision", table_name="decision_condition")
    op.drop_table("decision_condition")
    op.drop_index("ix_decision_vendor", table_name="decision")
    op.drop_table("decision")
    op.drop_table("sitting_vote")
    op.drop_index("ix_agenda_item_sitting", table_name="agenda_item")
    op.drop_table("agenda_item")
    op.drop_index("ix_sitting_participant_sitting", table_name="sitting_participant")
    op.drop_table("sitting_participant")
    op.drop_table("sitting")
