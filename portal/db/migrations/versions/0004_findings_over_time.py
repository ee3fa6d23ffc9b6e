"""Findings over time, stored scans judged anew, the data of a scan, and hosts that serve several supplies."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "finding_history",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("side", sa.String(length=32), nullable=False),
        sa.Column("subject_kind", sa.String(length=10), nullable=False),
        sa.Column("subject_name", sa.String(length=253), nullable=False),
        sa.Column("check_id", sa.String(length=60), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("events", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_finding_history_hospital_id_vendor_id"),
        ),
        sa.PrimaryKeyConstraint(
            "vendor_id", "side", "subject_kind", "subject_name", "check_id", name=op.f("pk_finding_history")
        ),
    )
    op.create_index("ix_finding_history_vendor", "finding_history", ["hospital_id", "vendor_id", "side"], unique=False)
    op.create_table(
        "rejudgement",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("scan_id", sa.String(length=20), nullable=False),
        sa.Column("catalogue_version", sa.String(length=20), nullable=False),
        sa.Column("data_version", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("findings", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("news", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["hospital_id", "scan_id"],
            ["scan_run.hospital_id", "scan_run.id"],
            name=op.f("fk_rejudgement_hospital_id_scan_id"),
        ),
        sa.PrimaryKeyConstraint("scan_id", "catalogue_version", "data_version", name=op.f("pk_rejudgement")),
    )
    op.create_table(
        "host_supply",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("host_id", sa.String(length=20), nullable=False),
        sa.Column("supply_id", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "host_id"], ["host.hospital_id", "host.id"], name=op.f("fk_host_supply_hospital_id_host_id")
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "supply_id"],
            ["supply.hospital_id", "supply.id"],
            name=op.f("fk_host_supply_hospital_id_supply_id"),
        ),
        sa.PrimaryKeyConstraint("host_id", "supply_id", name=op.f("pk_host_supply")),
    )
    op.add_column("scan_run", sa.Column("data_version", sa.String(length=60), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("scan_run", "data_version")
    op.drop_table("host_supply")
    op.drop_table("rejudgement")
    op.drop_table("finding_history")
