"""What the list by product counts and puts in order, so that it need not read the rows of supplies and vendors."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

LISTED = ["hospital_id", "is_ended", "vendor_id", "tier", "department", "sorted_by", "supply_id"]
OF_VENDOR = ["hospital_id", "vendor_id", "is_ended", "sorted_by"]


def upgrade() -> None:
    op.create_index("ix_supply_line_listed", "supply_line", LISTED, unique=False)
    op.drop_index("ix_vendor_line_of", table_name="vendor_line")
    op.create_index("ix_vendor_line_of", "vendor_line", [*OF_VENDOR, "grade"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_vendor_line_of", table_name="vendor_line")
    op.create_index("ix_vendor_line_of", "vendor_line", OF_VENDOR, unique=False)
    op.drop_index("ix_supply_line_listed", table_name="supply_line")
