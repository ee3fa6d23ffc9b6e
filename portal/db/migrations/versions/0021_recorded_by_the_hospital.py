"""Intakes by a link, and what a hospital records for a vendor."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "intake_request",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("supply_id", sa.String(length=20), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("form_version", sa.String(length=20), nullable=False),
        sa.Column("answers", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("by_function", sa.String(length=200), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_by", sa.String(length=200), nullable=False),
        sa.Column("intake_id", sa.String(length=20), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "intake_id"],
            ["intake.hospital_id", "intake.id"],
            name=op.f("fk_intake_request_hospital_id_intake_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "supply_id"],
            ["supply.hospital_id", "supply.id"],
            name=op.f("fk_intake_request_hospital_id_supply_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_request")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_intake_request_hospital_id_id")),
    )
    op.create_index(op.f("ix_intake_request_supply_id"), "intake_request", ["supply_id"], unique=False)
    op.create_table(
        "intake_link",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "request_id"],
            ["intake_request.hospital_id", "intake_request.id"],
            name=op.f("fk_intake_link_hospital_id_request_id"),
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_intake_link")),
    )
    op.create_index(op.f("ix_intake_link_request_id"), "intake_link", ["request_id"], unique=False)
    op.create_table(
        "recorded_source",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("assessment_id", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("blob_id", sa.String(length=64), nullable=False),
        sa.Column("supplied_by", sa.String(length=200), nullable=False),
        sa.Column("supplied_on", sa.Date(), nullable=True),
        sa.Column("added_by", sa.String(length=200), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["hospital_id", "assessment_id"],
            ["assessment.hospital_id", "assessment.id"],
            name=op.f("fk_recorded_source_hospital_id_assessment_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recorded_source")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_recorded_source_hospital_id_id")),
    )
    op.create_index("ix_recorded_source_assessment", "recorded_source", ["hospital_id", "assessment_id"], unique=False)
    op.create_table(
        "recorded_answer",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("assessment_id", sa.String(length=20), nullable=False),
        sa.Column("question_id", sa.String(length=20), nullable=False),
        sa.Column("supply_id", sa.String(length=20), nullable=False),
        sa.Column("value", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("source_id", sa.String(length=20), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "assessment_id"],
            ["assessment.hospital_id", "assessment.id"],
            name=op.f("fk_recorded_answer_hospital_id_assessment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "source_id"],
            ["recorded_source.hospital_id", "recorded_source.id"],
            name=op.f("fk_recorded_answer_hospital_id_source_id"),
        ),
        sa.PrimaryKeyConstraint(
            "hospital_id", "assessment_id", "question_id", "supply_id", name=op.f("pk_recorded_answer")
        ),
    )
    op.create_index(op.f("ix_recorded_answer_source_id"), "recorded_answer", ["source_id"], unique=False)
    op.create_table(
        "recording",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("assessment_id", sa.String(length=20), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("manifest", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "assessment_id"],
            ["assessment.hospital_id", "assessment.id"],
            name=op.f("fk_recording_hospital_id_assessment_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
        sa.UniqueConstraint(
            "hospital_id", "assessment_id", "edition", name=op.f("uq_recording_hospital_id_assessment_id_edition")
        ),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_recording_hospital_id_id")),
    )


def downgrade() -> None:
    for table in ("recording", "recorded_answer", "recorded_source", "intake_link", "intake_request"):
        op.drop_table(table)
