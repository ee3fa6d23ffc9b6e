"""Tenders."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain ALTER TABLE, so that SQLite keeps the tables and with them the triggers.
    op.add_column("export", sa.Column("about", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("hospital", sa.Column("is_for_bidder", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("assessment", sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "tender",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("catalogue_id", sa.String(length=60), nullable=False),
        sa.Column("catalogue_version", sa.String(length=20), nullable=False),
        sa.Column("question_set", sa.String(length=20), nullable=False),
        sa.Column("must_haves", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("needs_two", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("frozen", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("frozen_sha256", sa.String(length=64), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opening_by", sa.String(length=20), nullable=True),
        sa.Column("opening_by_name", sa.String(length=200), nullable=False),
        sa.Column("opening_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_by_name", sa.String(length=200), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_tender_hospital_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tender")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_tender_hospital_id_id")),
    )
    op.create_table(
        "tender_lot",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("tender_id", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "tender_id"],
            ["tender.hospital_id", "tender.id"],
            name=op.f("fk_tender_lot_hospital_id_tender_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tender_lot")),
        sa.UniqueConstraint(
            "hospital_id", "tender_id", "number", name=op.f("uq_tender_lot_hospital_id_tender_id_number")
        ),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_tender_lot_hospital_id_id")),
    )
    op.create_table(
        "tender_bidder",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("tender_id", sa.String(length=20), nullable=False),
        sa.Column("lot_id", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("contact_name", sa.String(length=200), nullable=False),
        sa.Column("contact_email", sa.String(length=254), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("house_id", sa.String(length=20), nullable=True),
        sa.Column("assessment_id", sa.String(length=20), nullable=True),
        sa.Column("vendor_id", sa.String(length=20), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("awarded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_tender_bidder_hospital_id_vendor_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "tender_id"],
            ["tender.hospital_id", "tender.id"],
            name=op.f("fk_tender_bidder_hospital_id_tender_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "lot_id"],
            ["tender_lot.hospital_id", "tender_lot.id"],
            name=op.f("fk_tender_bidder_hospital_id_lot_id"),
        ),
        sa.ForeignKeyConstraint(
            ["house_id", "assessment_id"],
            ["assessment.hospital_id", "assessment.id"],
            name=op.f("fk_tender_bidder_house_id_assessment_id"),
        ),
        sa.ForeignKeyConstraint(["house_id"], ["hospital.id"], name=op.f("fk_tender_bidder_house_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tender_bidder")),
        sa.UniqueConstraint("house_id", name=op.f("uq_tender_bidder_house_id")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_tender_bidder_hospital_id_id")),
    )
    op.create_table(
        "tender_query",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("tender_id", sa.String(length=20), nullable=False),
        sa.Column("bidder_id", sa.String(length=20), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "bidder_id"],
            ["tender_bidder.hospital_id", "tender_bidder.id"],
            name=op.f("fk_tender_query_hospital_id_bidder_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "tender_id"],
            ["tender.hospital_id", "tender.id"],
            name=op.f("fk_tender_query_hospital_id_tender_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tender_query")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_tender_query_hospital_id_id")),
    )


def downgrade() -> None:
    for table in ("tender_query", "tender_bidder", "tender_lot", "tender"):
        op.drop_table(table)
    op.drop_column("assessment", "closes_at")
    op.drop_column("hospital", "is_for_bidder")
    op.drop_column("export", "about")
