"""Watching between rounds."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("scan_run", sa.Column("is_rescan", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("assessment", sa.Column("asked_again", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "watch_choice",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.String(length=20), nullable=False),
        sa.Column("rhythm", sa.String(length=32), nullable=False),
        sa.Column("at_once", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_watch_choice_hospital_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_watch_choice_person_id")),
        sa.PrimaryKeyConstraint("hospital_id", "person_id", name=op.f("pk_watch_choice")),
    )
    op.create_table(
        "watch_rule",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("rescans", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("reassessments", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_watch_rule_hospital_id")),
        sa.PrimaryKeyConstraint("hospital_id", name=op.f("pk_watch_rule")),
    )
    op.create_table(
        "reassessment_call",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_reassessment_call_hospital_id_vendor_id"),
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_reassessment_call_hospital_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reassessment_call")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_reassessment_call_hospital_id_id")),
    )
    op.create_index(op.f("ix_reassessment_call_vendor_id"), "reassessment_call", ["vendor_id"], unique=False)
    op.create_table(
        "vendor_change",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=253), nullable=False),
        sa.Column("check_id", sa.String(length=60), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("is_told_elsewhere", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_vendor_change_hospital_id_vendor_id"),
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_vendor_change_hospital_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_change")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_vendor_change_hospital_id_id")),
    )
    op.create_index("ix_vendor_change_at", "vendor_change", ["hospital_id", "at"], unique=False)
    op.create_index(op.f("ix_vendor_change_vendor_id"), "vendor_change", ["vendor_id"], unique=False)
    op.create_table(
        "watch_mark",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("document", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_watch_mark_hospital_id_vendor_id"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "vendor_id", name=op.f("pk_watch_mark")),
    )
    op.create_table(
        "change_told",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("change_id", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "change_id"],
            ["vendor_change.hospital_id", "vendor_change.id"],
            name=op.f("fk_change_told_hospital_id_change_id"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_change_told_person_id")),
        sa.PrimaryKeyConstraint("hospital_id", "change_id", "person_id", name=op.f("pk_change_told")),
    )


def downgrade() -> None:
    for table in ("reassessment_call", "change_told", "vendor_change", "watch_mark", "watch_choice", "watch_rule"):
        op.drop_table(table)
    op.drop_column("assessment", "asked_again")
    op.drop_column("scan_run", "is_rescan")
