"""The day on which a tender ends by itself can be put off: to which day, by whom, why and when."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

ADDED = ("lapse_on", "lapse_reason", "lapse_by", "lapse_at")


def upgrade() -> None:
    # Plain ALTER TABLE, so that SQLite keeps the table and with it the triggers.
    op.add_column("tender", sa.Column("lapse_on", sa.Date(), nullable=True))
    op.add_column("tender", sa.Column("lapse_reason", sa.Text(), nullable=False, server_default=""))
    op.add_column("tender", sa.Column("lapse_by", sa.String(length=200), nullable=False, server_default=""))
    op.add_column("tender", sa.Column("lapse_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for name in ADDED:
        op.drop_column("tender", name)
