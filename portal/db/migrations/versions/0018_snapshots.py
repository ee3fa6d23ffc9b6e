"""Frozen registers, and risks that people wrote."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "own_risk",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=True),
        sa.Column("supply_id", sa.String(length=20), nullable=True),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("scenario", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("concerns", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("patient_safety", sa.Integer(), nullable=True),
        sa.Column("inherent_likelihood", sa.Integer(), nullable=False),
        sa.Column("inherent_impact", sa.Integer(), nullable=False),
        sa.Column("likelihood", sa.Integer(), nullable=False),
        sa.Column("impact", sa.Integer(), nullable=False),
        sa.Column("treatment", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("accepted_until", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=200), nullable=False),
        sa.Column("closed_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "supply_id"],
            ["supply.hospital_id", "supply.id"],
            name=op.f("fk_own_risk_hospital_id_supply_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_own_risk_hospital_id_vendor_id"),
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_own_risk_hospital_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_risk")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_own_risk_hospital_id_id")),
        sa.UniqueConstraint("hospital_id", "number", name=op.f("uq_own_risk_hospital_id_number")),
    )
    op.create_table(
        "risk_word",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.String(length=20), nullable=False),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("document", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_risk_word_hospital_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_word")),
    )
    op.create_index("ix_risk_word_subject", "risk_word", ["hospital_id", "subject_id", "at"], unique=False)
    op.create_table(
        "snapshot",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("vendors", sa.Integer(), nullable=False),
        sa.Column("risks", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("blob_id", sa.String(length=64), nullable=False),
        sa.Column("packed_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_snapshot_hospital_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_snapshot_hospital_id_id")),
    )
    op.create_index("ix_snapshot_at", "snapshot", ["hospital_id", "at"], unique=False)
    op.create_table(
        "score_basis",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("assessment_id", sa.String(length=20), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_score_basis_hospital_id_vendor_id"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "vendor_id", name=op.f("pk_score_basis")),
    )
    op.create_table(
        "score_move",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("score_id", sa.String(length=20), nullable=False),
        sa.Column("document", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "score_id"],
            ["score.hospital_id", "score.id"],
            name=op.f("fk_score_move_hospital_id_score_id"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "score_id", name=op.f("pk_score_move")),
    )


def downgrade() -> None:
    op.drop_table("score_move")
    op.drop_table("score_basis")
    op.drop_index("ix_snapshot_at", table_name="snapshot")
    op.drop_table("snapshot")
    op.drop_index("ix_risk_word_subject", table_name="risk_word")
    op.drop_table("risk_word")
    op.drop_table("own_risk")
