"""A hospital's own weights and must-haves, and waivers."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "waiver",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("check_id", sa.String(length=100), nullable=False),
        sa.Column("subject_kind", sa.String(length=20), nullable=False),
        sa.Column("subject_name", sa.String(length=255), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("question_id", sa.String(length=20), nullable=False),
        sa.Column("supply_id", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_waiver_hospital_id_vendor_id"),
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_waiver_hospital_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_waiver_hospital_id_id")),
    )
    op.create_index("ix_waiver_vendor", "waiver", ["hospital_id", "vendor_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_waiver_vendor", table_name="waiver")
    op.drop_table("waiver")
