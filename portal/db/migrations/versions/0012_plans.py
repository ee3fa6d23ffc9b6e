"""Plans of a company, what it offered of them, and the actions a hospital made of it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scope_record",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("situation", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("entity_class", sa.String(length=20), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_scope_record_hospital_id_vendor_id"),
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_scope_record_hospital_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scope_record")),
    )
    op.create_index("ix_scope_record_vendor", "scope_record", ["hospital_id", "vendor_id", "at"], unique=False)
    op.create_table(
        "action",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("assessment_id", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("source_key", sa.String(length=400), nullable=False),
        sa.Column("offer_id", sa.String(length=20), nullable=False),
        sa.Column("words", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("places", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("part", sa.String(length=3), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by", sa.String(length=200), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "assessment_id"],
            ["assessment.hospital_id", "assessment.id"],
            name=op.f("fk_action_hospital_id_assessment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_action_hospital_id_vendor_id"),
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_action_hospital_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_action_hospital_id_id")),
    )
    op.create_index(op.f("ix_action_assessment_id"), "action", ["assessment_id"], unique=False)
    op.create_index("ix_action_vendor", "action", ["hospital_id", "vendor_id"], unique=False)
    op.create_table(
        "plan_line",
        sa.Column("company_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("assessment_id", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("document", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "assessment_id"],
            ["assessment.company_id", "assessment.id"],
            name=op.f("fk_plan_line_company_id_assessment_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_plan_line_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_line")),
        sa.UniqueConstraint(
            "company_id", "assessment_id", "key", name=op.f("uq_plan_line_company_id_assessment_id_key")
        ),
    )
    op.create_table(
        "plan_offer",
        sa.Column("company_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("assessment_id", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("lines", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "assessment_id"],
            ["assessment.company_id", "assessment.id"],
            name=op.f("fk_plan_offer_company_id_assessment_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_plan_offer_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_offer")),
    )
    op.create_index("ix_plan_offer_assessment", "plan_offer", ["assessment_id", "at"], unique=False)
    op.create_table(
        "action_report",
        sa.Column("company_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("assessment_id", sa.String(length=20), nullable=False),
        sa.Column("action_id", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("evidence_id", sa.String(length=20), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_action_report_action_id")),
        sa.ForeignKeyConstraint(
            ["company_id", "assessment_id"],
            ["assessment.company_id", "assessment.id"],
            name=op.f("fk_action_report_company_id_assessment_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_action_report_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_report")),
    )
    op.create_index(op.f("ix_action_report_action_id"), "action_report", ["action_id"], unique=False)


def downgrade() -> None:
    for table in ("scope_record", "plan_offer", "plan_line", "action_report", "action"):
        op.drop_table(table)
