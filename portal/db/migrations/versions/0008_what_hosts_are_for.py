"""Whom a host serves, and findings looked at again by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("host") as host:
        host.add_column(sa.Column("belonging", sa.String(length=32), nullable=True))
    op.create_table(
        "host_word",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("host_id", sa.String(length=20), nullable=False),
        sa.Column("speaker", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("belonging", sa.String(length=32), nullable=True),
        sa.Column("supplies", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "host_id"], ["host.hospital_id", "host.id"], name=op.f("fk_host_word_hospital_id_host_id")
        ),
        sa.PrimaryKeyConstraint("host_id", "speaker", name=op.f("pk_host_word")),
    )
    op.create_table(
        "recheck",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("scan_id", sa.String(length=20), nullable=False),
        sa.Column("assessment_id", sa.String(length=20), nullable=False),
        sa.Column("subject_kind", sa.String(length=10), nullable=False),
        sa.Column("subject_name", sa.String(length=253), nullable=False),
        sa.Column("check_id", sa.String(length=60), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finding", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["hospital_id", "scan_id"],
            ["scan_run.hospital_id", "scan_run.id"],
            name=op.f("fk_recheck_hospital_id_scan_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "assessment_id"],
            ["assessment.hospital_id", "assessment.id"],
            name=op.f("fk_recheck_hospital_id_assessment_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recheck")),
    )
    op.create_index("ix_recheck_scan", "recheck", ["hospital_id", "scan_id"], unique=False)


def downgrade() -> None:
    op.drop_table("recheck")
    op.drop_table("host_word")
    with op.batch_alter_table("host") as host:
        host.drop_column("belonging")
