"""Tenders."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("export", sa.Column("about", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("export", "about")
