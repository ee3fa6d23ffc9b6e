"""How long documents are kept, and what became of them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, length in (("product", 200), ("release", 60)):
        op.add_column("evidence", sa.Column(name, sa.String(length=length), nullable=False, server_default=""))
    op.add_column("evidence", sa.Column("is_view_only", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("evidence_opening", sa.Column("page", sa.Integer(), nullable=True))
    op.add_column("score", sa.Column("evidence_ends", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "evidence_deletion",
        sa.Column("company_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("evidence_id", sa.String(length=20), nullable=False),
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("retain_until", sa.Date(), nullable=True),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "evidence_id"],
            ["evidence.company_id", "evidence.id"],
            name=op.f("fk_evidence_deletion_company_id_evidence_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_evidence_deletion_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_deletion")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_evidence_deletion_company_id_id")),
        sa.UniqueConstraint("evidence_id", name=op.f("uq_evidence_deletion_evidence_id")),
    )
    op.create_table(
        "evidence_notice",
        sa.Column("company_id", sa.String(length=20), nullable=False),
        sa.Column("evidence_id", sa.String(length=20), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "evidence_id"],
            ["evidence.company_id", "evidence.id"],
            name=op.f("fk_evidence_notice_company_id_evidence_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_evidence_notice_company_id")),
        sa.PrimaryKeyConstraint("evidence_id", "ends_on", "days", name=op.f("pk_evidence_notice")),
    )


def downgrade() -> None:
    op.drop_table("evidence_notice")
    op.drop_table("evidence_deletion")
    op.drop_column("score", "evidence_ends")
    op.drop_column("evidence_opening", "page")
    for name in ("is_view_only", "release", "product"):
        op.drop_column("evidence", name)
