"""Lots."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

NUMBERS = ("impact", "patient_safety", "proposed_tier", "tier")
WORDS = {
    "override_reason": sa.Text(),
    "policy_version": sa.String(length=20),
    "intake_by": sa.String(length=200),
    "question_set": sa.String(length=20),
}


def upgrade() -> None:
    # Plain ALTER TABLE, so that SQLite keeps the tables and with them the triggers.
    for name in ("intake", "must_haves"):
        op.add_column("tender_lot", sa.Column(name, sa.JSON(none_as_null=True), nullable=True))
    for name in NUMBERS:
        op.add_column("tender_lot", sa.Column(name, sa.Integer(), nullable=True))
    for name, kind in WORDS.items():
        op.add_column("tender_lot", sa.Column(name, kind, nullable=False, server_default=""))
    op.add_column("tender_lot", sa.Column("intake_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tender_bidder", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("tender_bidder", "removed_at")
    for name in ("intake_at", *WORDS, *NUMBERS, "must_haves", "intake"):
        op.drop_column("tender_lot", name)
