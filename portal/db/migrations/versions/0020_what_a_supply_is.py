"""Contracts, devices, subcontractors and people of a supply."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("vendor", sa.Column("lei", sa.String(length=20), nullable=False, server_default=""))
    op.add_column("vendor", sa.Column("parent_name", sa.String(length=200), nullable=False, server_default=""))
    op.add_column("supply", sa.Column("owner_email", sa.String(length=254), nullable=False, server_default=""))
    op.add_column("supply", sa.Column("deputy_name", sa.String(length=200), nullable=False, server_default=""))
    op.add_column("supply", sa.Column("contract_number", sa.String(length=80), nullable=False, server_default=""))
    op.add_column("supply", sa.Column("contract_starts_on", sa.Date(), nullable=True))
    op.add_column("supply", sa.Column("notice_months", sa.Integer(), nullable=True))
    op.add_column("supply", sa.Column("renews_months", sa.Integer(), nullable=True))
    op.add_column("supply", sa.Column("volume_per_year", sa.Integer(), nullable=True))
    op.add_column("supply", sa.Column("has_security_terms", sa.Boolean(), nullable=True))
    op.add_column("supply", sa.Column("dpa_signed_on", sa.Date(), nullable=True))
    op.add_column("supply", sa.Column("law_country", sa.String(length=2), nullable=False, server_default=""))
    op.add_column("supply", sa.Column("data_countries", sa.String(length=200), nullable=False, server_default=""))
    op.add_column("supply", sa.Column("audited_on", sa.Date(), nullable=True))
    op.add_column("supply", sa.Column("exit_plan", sa.Text(), nullable=False, server_default=""))
    op.add_column("supply", sa.Column("exit_return_format", sa.String(length=200), nullable=False, server_default=""))
    op.add_column("supply", sa.Column("exit_tested_on", sa.Date(), nullable=True))
    op.add_column("supply", sa.Column("exit_due_on", sa.Date(), nullable=True))
    op.create_table(
        "vendor_contact",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("supply_id", sa.String(length=20), nullable=True),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=60), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "supply_id"],
            ["supply.hospital_id", "supply.id"],
            name=op.f("fk_vendor_contact_hospital_id_supply_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_vendor_contact_hospital_id_vendor_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_contact")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_vendor_contact_hospital_id_id")),
    )
    op.create_index("ix_vendor_contact_vendor", "vendor_contact", ["hospital_id", "vendor_id"], unique=False)
    op.create_table(
        "vendor_domain",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=253), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_vendor_domain_hospital_id_vendor_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_domain")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_vendor_domain_hospital_id_id")),
        sa.UniqueConstraint(
            "hospital_id", "vendor_id", "name", name=op.f("uq_vendor_domain_hospital_id_vendor_id_name")
        ),
    )
    op.create_table(
        "subcontractor",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("supply_id", sa.String(length=20), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("service", sa.String(length=300), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("data_access", sa.Boolean(), nullable=True),
        sa.Column("patient_data", sa.Boolean(), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "supply_id"],
            ["supply.hospital_id", "supply.id"],
            name=op.f("fk_subcontractor_hospital_id_supply_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_subcontractor_hospital_id_vendor_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subcontractor")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_subcontractor_hospital_id_id")),
    )
    op.create_index("ix_subcontractor_vendor", "subcontractor", ["hospital_id", "vendor_id"], unique=False)
    op.create_table(
        "alternative",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("supply_id", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("vendor_name", sa.String(length=200), nullable=False),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "supply_id"],
            ["supply.hospital_id", "supply.id"],
            name=op.f("fk_alternative_hospital_id_supply_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alternative")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_alternative_hospital_id_id")),
    )
    op.create_index("ix_alternative_supply", "alternative", ["hospital_id", "supply_id"], unique=False)
    op.create_table(
        "article",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("supply_id", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("release", sa.String(length=80), nullable=False),
        sa.Column("udi_di", sa.String(length=60), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("location", sa.String(length=200), nullable=False),
        sa.Column("network_zone", sa.String(length=120), nullable=False),
        sa.Column("cloud", sa.Boolean(), nullable=True),
        sa.Column("support_ends_on", sa.Date(), nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "supply_id"],
            ["supply.hospital_id", "supply.id"],
            name=op.f("fk_article_hospital_id_supply_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_article_hospital_id_id")),
    )
    op.create_index("ix_article_supply", "article", ["hospital_id", "supply_id"], unique=False)
    op.create_table(
        "offboarding",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("supply_id", sa.String(length=20), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_back_by", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "supply_id"],
            ["supply.hospital_id", "supply.id"],
            name=op.f("fk_offboarding_hospital_id_supply_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_offboarding_hospital_id_vendor_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offboarding")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_offboarding_hospital_id_id")),
    )
    op.create_index("ix_offboarding_vendor", "offboarding", ["hospital_id", "vendor_id"], unique=False)
    op.create_table(
        "offboarding_step",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("offboarding_id", sa.String(length=20), nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("proof", sa.String(length=500), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["hospital_id", "offboarding_id"],
            ["offboarding.hospital_id", "offboarding.id"],
            name=op.f("fk_offboarding_step_hospital_id_offboarding_id"),
        ),
        sa.PrimaryKeyConstraint("offboarding_id", "step", name=op.f("pk_offboarding_step")),
    )


def downgrade() -> None:
    for table in (
        "offboarding_step",
        "offboarding",
        "article",
        "alternative",
        "subcontractor",
        "vendor_domain",
        "vendor_contact",
    ):
        op.drop_table(table)
    with op.batch_alter_table("supply") as supply:
        for column in (
            "exit_due_on",
            "exit_tested_on",
            "exit_return_format",
            "exit_plan",
            "audited_on",
            "data_countries",
            "law_country",
            "dpa_signed_on",
            "has_security_terms",
            "volume_per_year",
            "renews_months",
            "notice_months",
            "contract_starts_on",
            "contract_number",
            "deputy_name",
            "owner_email",
        ):
            supply.drop_column(column)
    with op.batch_alter_table("vendor") as vendor:
        for column in ("parent_name", "lei"):
            vendor.drop_column(column)
