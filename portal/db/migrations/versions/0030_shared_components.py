"""Shared components."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shared_component",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("evidence_id", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("company_id", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("versions", sa.JSON(), nullable=False),
        sa.Column("known", sa.JSON(), nullable=False),
        sa.Column("standing", sa.String(length=20), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id", "evidence_id"],
            ["component_list.company_id", "component_list.evidence_id"],
            name=op.f("fk_shared_component_company_id_evidence_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_shared_component_hospital_id_vendor_id"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "vendor_id", "evidence_id", "key", name=op.f("pk_shared_component")),
    )
    op.create_index("ix_shared_component_key", "shared_component", ["hospital_id", "key", "vendor_id"], unique=False)
    op.create_index("ix_shared_component_list", "shared_component", ["company_id", "evidence_id"], unique=False)


def downgrade() -> None:
    op.drop_table("shared_component")
