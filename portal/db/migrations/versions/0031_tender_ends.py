"""Tender ends."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

ADDED = {
    "tender_bidder": ("exclusion_ground", "exclusion_reason", "excluded_by", "excluded_at"),
    "tender_lot": ("end_ground", "end_reason", "ended_by", "ended_at"),
}


def upgrade() -> None:
    # Plain ALTER TABLE where it will do, so that SQLite keeps the tables and with them the triggers.
    for table, (ground, reason, by, at) in ADDED.items():
        op.add_column(table, sa.Column(at, sa.DateTime(timezone=True), nullable=True))
        op.add_column(table, sa.Column(by, sa.String(length=200), nullable=False, server_default=""))
        op.add_column(table, sa.Column(ground, sa.String(length=32), nullable=True))
        op.add_column(table, sa.Column(reason, sa.Text(), nullable=False, server_default=""))
    op.add_column("tender", sa.Column("is_lapsed", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("intake_request") as intake_request:
        intake_request.add_column(sa.Column("lot_id", sa.String(length=20), nullable=True))
        intake_request.alter_column("supply_id", existing_type=sa.String(length=20), nullable=True)
        intake_request.create_index(op.f("ix_intake_request_lot_id"), ["lot_id"], unique=False)
        intake_request.create_foreign_key(
            op.f("fk_intake_request_hospital_id_lot_id"),
            "tender_lot",
            ["hospital_id", "lot_id"],
            ["hospital_id", "id"],
        )


def downgrade() -> None:
    # What was asked about lots has no place in the table before.
    op.execute("DELETE FROM intake_link WHERE request_id IN (SELECT id FROM intake_request WHERE supply_id IS NULL)")
    op.execute("DELETE FROM intake_request WHERE supply_id IS NULL")
    with op.batch_alter_table("intake_request") as intake_request:
        intake_request.drop_constraint(op.f("fk_intake_request_hospital_id_lot_id"), type_="foreignkey")
        intake_request.drop_index(op.f("ix_intake_request_lot_id"))
        intake_request.alter_column("supply_id", existing_type=sa.String(length=20), nullable=False)
        intake_request.drop_column("lot_id")
    op.drop_column("tender", "is_lapsed")
    for table, names in ADDED.items():
        for name in names:
            op.drop_column(table, name)
