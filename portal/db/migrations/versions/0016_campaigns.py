"""Campaigns to many vendors, with reminders that can be stopped."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bounce",
        sa.Column("mail_id", sa.String(length=20), nullable=False),
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("to_address", sa.String(length=254), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("diagnostic", sa.String(length=300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_bounce_hospital_id")),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("pk_bounce")),
    )
    op.create_index(op.f("ix_bounce_hospital_id"), "bounce", ["hospital_id"], unique=False)
    op.create_table(
        "campaign",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("person_id", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders_stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_campaign_hospital_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_campaign_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_campaign_hospital_id_id")),
    )
    op.create_table(
        "letter_template",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_letter_template_hospital_id")),
        sa.PrimaryKeyConstraint("hospital_id", "kind", "language", name=op.f("pk_letter_template")),
    )
    op.create_table(
        "campaign_seat",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("campaign_id", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("assessment_id", sa.String(length=20), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reason_values", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["hospital_id", "assessment_id"],
            ["assessment.hospital_id", "assessment.id"],
            name=op.f("fk_campaign_seat_hospital_id_assessment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "campaign_id"],
            ["campaign.hospital_id", "campaign.id"],
            name=op.f("fk_campaign_seat_hospital_id_campaign_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_campaign_seat_hospital_id_vendor_id"),
        ),
        sa.PrimaryKeyConstraint("campaign_id", "vendor_id", name=op.f("pk_campaign_seat")),
    )
    op.create_index(op.f("ix_campaign_seat_assessment_id"), "campaign_seat", ["assessment_id"], unique=False)
    op.create_table(
        "reminder",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("assessment_id", sa.String(length=20), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("to_addresses", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("mail_ids", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "assessment_id"],
            ["assessment.hospital_id", "assessment.id"],
            name=op.f("fk_reminder_hospital_id_assessment_id"),
        ),
        sa.PrimaryKeyConstraint("assessment_id", "due_on", "step", name=op.f("pk_reminder")),
    )
    op.create_table(
        "review_end",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("assessment_id", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "assessment_id"],
            ["assessment.hospital_id", "assessment.id"],
            name=op.f("fk_review_end_hospital_id_assessment_id"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_review_end_person_id")),
        sa.PrimaryKeyConstraint("assessment_id", name=op.f("pk_review_end")),
    )
    op.create_table(
        "review_lock",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("assessment_id", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "assessment_id"],
            ["assessment.hospital_id", "assessment.id"],
            name=op.f("fk_review_lock_hospital_id_assessment_id"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_review_lock_person_id")),
        sa.PrimaryKeyConstraint("assessment_id", name=op.f("pk_review_lock")),
    )

    # Plain ALTER TABLE, so that SQLite keeps the tables.
    op.add_column("assessment", sa.Column("reminders_stopped_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("invitation", sa.Column("mail_id", sa.String(length=20), nullable=True))
    op.add_column("invitation", sa.Column("is_reminder", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("hospital", sa.Column("second_eyes_tier", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("hospital", "second_eyes_tier")
    op.drop_column("invitation", "is_reminder")
    op.drop_column("invitation", "mail_id")
    op.drop_column("assessment", "reminders_stopped_at")
    for table in ("review_lock", "review_end", "reminder", "campaign_seat", "letter_template", "campaign", "bounce"):
        op.drop_table(table)
