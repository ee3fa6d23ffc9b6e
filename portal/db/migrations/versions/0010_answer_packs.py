"""Answer packs a company made or brought."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answer_pack",
        sa.Column("company_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("assessment_id", sa.String(length=20), nullable=False),
        sa.Column("document", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("standing", sa.String(length=32), nullable=False),
        sa.Column("instance", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("products", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("loaded_by", sa.String(length=200), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_answer_pack_company_id")),
        sa.ForeignKeyConstraint(
            ["company_id", "assessment_id"],
            ["assessment.company_id", "assessment.id"],
            name=op.f("fk_answer_pack_company_id_assessment_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_pack")),
        sa.UniqueConstraint("assessment_id", name=op.f("uq_answer_pack_assessment_id")),
    )


def downgrade() -> None:
    op.drop_table("answer_pack")
