"""Campaign deltas."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assessment", sa.Column("renewed_by", sa.String(90), nullable=True))
    op.add_column("assessment", sa.Column("uninvited_reason", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("assessment", "uninvited_reason")
    op.drop_column("assessment", "renewed_by")
