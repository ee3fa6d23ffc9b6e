"""Incidents that companies report and hospitals ask about."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "flash",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("text_de", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_by", sa.String(length=200), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=200), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_flash_hospital_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flash")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_flash_hospital_id_id")),
    )
    op.create_index("ix_flash_hospital", "flash", ["hospital_id", "at"], unique=False)
    op.create_table(
        "incident",
        sa.Column("company_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_exercise", sa.Boolean(), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_incident_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_incident_company_id_id")),
    )
    op.create_index("ix_incident_company", "incident", ["company_id", "created_at"], unique=False)
    op.create_table(
        "incident_desk",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=60), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_incident_desk_hospital_id")),
        sa.PrimaryKeyConstraint("hospital_id", name=op.f("pk_incident_desk")),
    )
    op.create_table(
        "incident_word",
        sa.Column("company_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("incident_id", sa.String(length=20), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("document", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "incident_id"],
            ["incident.company_id", "incident.id"],
            name=op.f("fk_incident_word_company_id_incident_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_word")),
        sa.UniqueConstraint("incident_id", "sequence", name=op.f("uq_incident_word_incident_id_sequence")),
    )
    op.create_table(
        "flash_asked",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("flash_id", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("assessment_id", sa.String(length=20), nullable=True),
        sa.Column("known_by", sa.String(length=20), nullable=False),
        sa.Column("matches", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("second_email", sa.String(length=254), nullable=False),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("phone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["hospital_id", "assessment_id"],
            ["assessment.hospital_id", "assessment.id"],
            name=op.f("fk_flash_asked_hospital_id_assessment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "flash_id"],
            ["flash.hospital_id", "flash.id"],
            name=op.f("fk_flash_asked_hospital_id_flash_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_flash_asked_hospital_id_vendor_id"),
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_flash_asked_hospital_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flash_asked")),
        sa.UniqueConstraint(
            "hospital_id", "flash_id", "vendor_id", name=op.f("uq_flash_asked_hospital_id_flash_id_vendor_id")
        ),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_flash_asked_hospital_id_id")),
    )
    op.create_index(op.f("ix_flash_asked_assessment_id"), "flash_asked", ["assessment_id"], unique=False)
    op.create_table(
        "incident_addressee",
        sa.Column("company_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("incident_id", sa.String(length=20), nullable=False),
        sa.Column("assessment_id", sa.String(length=20), nullable=False),
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("supplies", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "assessment_id"],
            ["assessment.company_id", "assessment.id"],
            name=op.f("fk_incident_addressee_company_id_assessment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "incident_id"],
            ["incident.company_id", "incident.id"],
            name=op.f("fk_incident_addressee_company_id_incident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_incident_addressee_hospital_id_vendor_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_addressee")),
        sa.UniqueConstraint(
            "incident_id",
            "hospital_id",
            "vendor_id",
            name=op.f("uq_incident_addressee_incident_id_hospital_id_vendor_id"),
        ),
    )
    op.create_index("ix_incident_addressee_hospital", "incident_addressee", ["hospital_id", "vendor_id"], unique=False)
    op.create_table(
        "incident_receipt",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("incident_id", sa.String(length=20), nullable=False),
        sa.Column("word_id", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_incident_receipt_hospital_id_vendor_id"),
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_incident_receipt_hospital_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_incident_receipt_incident_id")),
        sa.ForeignKeyConstraint(["word_id"], ["incident_word.id"], name=op.f("fk_incident_receipt_word_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_receipt")),
        sa.UniqueConstraint("hospital_id", "word_id", name=op.f("uq_incident_receipt_hospital_id_word_id")),
    )
    op.create_index("ix_incident_receipt_incident", "incident_receipt", ["incident_id"], unique=False)
    op.create_table(
        "flash_link",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("asked_id", sa.String(length=20), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["hospital_id", "asked_id"],
            ["flash_asked.hospital_id", "flash_asked.id"],
            name=op.f("fk_flash_link_hospital_id_asked_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flash_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_flash_link_token_hash")),
    )
    op.create_index(op.f("ix_flash_link_asked_id"), "flash_link", ["asked_id"], unique=False)
    op.create_table(
        "flash_note",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("asked_id", sa.String(length=20), nullable=False),
        sa.Column("standing", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "asked_id"],
            ["flash_asked.hospital_id", "flash_asked.id"],
            name=op.f("fk_flash_note_hospital_id_asked_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flash_note")),
    )
    op.create_index(op.f("ix_flash_note_asked_id"), "flash_note", ["asked_id"], unique=False)
    op.create_table(
        "flash_reply",
        sa.Column("company_id", sa.String(length=20), nullable=True),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("asked_id", sa.String(length=20), nullable=False),
        sa.Column("standing", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("evidence_id", sa.String(length=20), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("by_email", sa.String(length=254), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asked_id"], ["flash_asked.id"], name=op.f("fk_flash_reply_asked_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_flash_reply_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flash_reply")),
    )
    op.create_index(op.f("ix_flash_reply_asked_id"), "flash_reply", ["asked_id"], unique=False)


def downgrade() -> None:
    for table in (
        "flash_reply",
        "flash_note",
        "flash_link",
        "incident_receipt",
        "incident_addressee",
        "flash_asked",
        "incident_word",
        "incident_desk",
        "incident",
        "flash",
    ):
        op.drop_table(table)
