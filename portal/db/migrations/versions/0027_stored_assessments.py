"""What lists count and put in order, ready to be read, and what follows from the facts of a vendor."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

INDEXES = (
    (
        "ix_vendor_line_due",
        "vendor_line",
        [
            *("hospital_id", "is_ended", "sorted_by", "vendor_id", "stage", "due_on", "submitted_at", "critical"),
            *("contradictions", "evidence_end", "tier", "assessment_id", "unrated_supply_id", "grade", "residual"),
        ],
    ),
    ("ix_vendor_line_of", "vendor_line", ["hospital_id", "vendor_id", "is_ended", "sorted_by"]),
    (
        "ix_supply_line_exit",
        "supply_line",
        ["hospital_id", "is_ended", "has_exit_plan", "likely_tier", "sorted_by", "supply_id"],
    ),
    (
        "ix_supply_line_security",
        "supply_line",
        ["hospital_id", "is_ended", "has_security_contact", "likely_tier", "sorted_by", "supply_id"],
    ),
    ("ix_supply_line_of", "supply_line", ["hospital_id", "supply_id", "is_ended"]),
    (
        "ix_risk_listed",
        "risk",
        ["hospital_id", "gone_at", "residual", "likelihood", "impact", "source", "vendor_id", "id", "key"],
    ),
    ("ix_risk_treatment_accepted", "risk_treatment", ["hospital_id", "treatment", "accepted_until"]),
    ("ix_risk_treatment_due", "risk_treatment", ["hospital_id", "due_on"]),
    ("ix_vendor_created", "vendor", ["hospital_id", "created_at", "id"]),
    ("ix_supply_vendor", "supply", ["hospital_id", "vendor_id"]),
    ("ix_supply_contract", "supply", ["hospital_id", "contract_ends_on", "id", "renews_months", "notice_months"]),
    ("ix_supply_notice", "supply", ["hospital_id", "notice_months", "contract_ends_on", "id"]),
    ("ix_supply_exit_due", "supply", ["hospital_id", "exit_due_on", "id"]),
)


def upgrade() -> None:
    for table in ("vendor_line", "supply_line"):  # they are written anew after the migration
        op.execute(sa.delete(sa.table(table)))
    with op.batch_alter_table("supply_line") as line:
        line.add_column(sa.Column("likely_tier", sa.Integer(), server_default="9", nullable=False))
        line.add_column(sa.Column("has_exit_plan", sa.Boolean(), server_default=sa.false(), nullable=False))
        line.add_column(sa.Column("has_security_contact", sa.Boolean(), server_default=sa.false(), nullable=False))
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns, unique=False)
    op.create_table(
        "stored_assessment",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_stored_assessment_hospital_id_vendor_id"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "vendor_id", name=op.f("pk_stored_assessment")),
    )


def downgrade() -> None:
    op.drop_table("stored_assessment")
    for name, table, _columns in reversed(INDEXES):
        op.drop_index(name, table_name=table)
    with op.batch_alter_table("supply_line") as line:
        for column in ("has_security_contact", "has_exit_plan", "likely_tier"):
            line.drop_column(column)
