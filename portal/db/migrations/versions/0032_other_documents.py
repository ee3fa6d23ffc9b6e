"""A document's own name, why a follow-up asks what it asks, and what a policy's draft would do to every vendor."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("evidence", sa.Column("sent_as", sa.String(200), nullable=False, server_default=""))
    op.add_column("assessment", sa.Column("asked_because", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "policy_preview",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("draft_sha256", sa.String(length=64), nullable=False),
        sa.Column("rests_on", sa.String(length=64), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_policy_preview_hospital_id")),
        sa.PrimaryKeyConstraint("hospital_id", name=op.f("pk_policy_preview")),
    )


def downgrade() -> None:
    op.drop_table("policy_preview")
    op.drop_column("assessment", "asked_because")
    op.drop_column("evidence", "sent_as")
