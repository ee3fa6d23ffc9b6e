"""Components that a vendor's list of parts names."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "component_list",
        sa.Column("company_id", sa.String(length=20), nullable=False),
        sa.Column("evidence_id", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("refusal", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("format", sa.String(length=20), nullable=False),
        sa.Column("format_version", sa.String(length=20), nullable=False),
        sa.Column("product", sa.String(length=300), nullable=False),
        sa.Column("product_version", sa.String(length=200), nullable=False),
        sa.Column("product_supplier", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("tools", sa.String(length=200), nullable=False),
        sa.Column("relations", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("standings", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("data_version", sa.String(length=120), nullable=False),
        sa.Column("rules_version", sa.String(length=20), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "evidence_id"],
            ["evidence.company_id", "evidence.id"],
            name=op.f("fk_component_list_company_id_evidence_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "evidence_id", name=op.f("pk_component_list")),
    )
    op.create_table(
        "component",
        sa.Column("company_id", sa.String(length=20), nullable=False),
        sa.Column("evidence_id", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("folded", sa.String(length=300), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.Column("purl", sa.String(length=500), nullable=False),
        sa.Column("cpe", sa.String(length=500), nullable=False),
        sa.Column("supplier", sa.String(length=200), nullable=False),
        sa.Column("licence", sa.String(length=200), nullable=False),
        sa.Column("hashes", sa.Integer(), nullable=False),
        sa.Column("standing", sa.String(length=20), nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "evidence_id"],
            ["component_list.company_id", "component_list.evidence_id"],
            name=op.f("fk_component_company_id_evidence_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "evidence_id", "position", name=op.f("pk_component")),
    )
    op.create_index("ix_component_folded", "component", ["company_id", "folded"], unique=False)
    op.create_table(
        "component_finding",
        sa.Column("company_id", sa.String(length=20), nullable=False),
        sa.Column("evidence_id", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("standing", sa.String(length=20), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("is_used", sa.Boolean(), nullable=False),
        sa.Column("fact", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id", "evidence_id", "position"],
            ["component.company_id", "component.evidence_id", "component.position"],
            name=op.f("fk_component_finding_company_id_evidence_id_position"),
        ),
        sa.PrimaryKeyConstraint("company_id", "evidence_id", "position", "name", name=op.f("pk_component_finding")),
    )
    op.create_table(
        "component_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.String(length=20), nullable=False),
        sa.Column("evidence_id", sa.String(length=20), nullable=False),
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("news", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id", "evidence_id"],
            ["component_list.company_id", "component_list.evidence_id"],
            name=op.f("fk_component_notice_company_id_evidence_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_component_notice")),
    )
    op.create_index("ix_component_notice_hospital_id", "component_notice", ["hospital_id"], unique=False)


def downgrade() -> None:
    op.drop_table("component_notice")
    op.drop_table("component_finding")
    op.drop_table("component")
    op.drop_table("component_list")
