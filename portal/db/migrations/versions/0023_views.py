"""Views that people keep, what lists read, and what vendors have in common."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

RISK = sa.table("risk", sa.column("id", sa.String), sa.column("document", sa.JSON), sa.column("source", sa.String))


def upgrade() -> None:
    op.create_table(
        "saved_view",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.String(length=20), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("folded", sa.String(length=160), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_saved_view_hospital_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_saved_view_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_saved_view_hospital_id_id")),
        sa.UniqueConstraint(
            "hospital_id", "person_id", "folded", name=op.f("uq_saved_view_hospital_id_person_id_folded")
        ),
    )
    op.create_table(
        "list_choice",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.String(length=20), nullable=False),
        sa.Column("columns", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("view_id", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(
            ["hospital_id", "view_id"],
            ["saved_view.hospital_id", "saved_view.id"],
            name=op.f("fk_list_choice_hospital_id_view_id"),
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_list_choice_hospital_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_list_choice_person_id")),
        sa.PrimaryKeyConstraint("hospital_id", "person_id", name=op.f("pk_list_choice")),
    )
    op.create_table(
        "vendor_line",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sorted_by", sa.String(length=250), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("products", sa.Text(), nullable=False),
        sa.Column("is_ended", sa.Boolean(), nullable=False),
        sa.Column("has_security_contact", sa.Boolean(), nullable=False),
        sa.Column("supplies", sa.Integer(), nullable=False),
        sa.Column("unrated_supply_id", sa.String(length=20), nullable=True),
        sa.Column("tier", sa.Integer(), nullable=True),
        sa.Column("impact", sa.Integer(), nullable=True),
        sa.Column("assessment_id", sa.String(length=20), nullable=True),
        sa.Column("stage", sa.String(length=32), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("score_id", sa.String(length=20), nullable=True),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("grade", sa.String(length=1), nullable=True),
        sa.Column("coverage", sa.Double(), nullable=True),
        sa.Column("outside_value", sa.Double(), nullable=True),
        sa.Column("outside_grade", sa.String(length=1), nullable=True),
        sa.Column("residual", sa.String(length=20), nullable=True),
        sa.Column("residual_rank", sa.Integer(), nullable=True),
        sa.Column("contradictions", sa.Integer(), nullable=False),
        sa.Column("critical", sa.Integer(), nullable=False),
        sa.Column("evidence_ends", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("evidence_end", sa.Date(), nullable=True),
        sa.Column("moved", sa.Double(), nullable=True),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_vendor_line_hospital_id_vendor_id"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "vendor_id", name=op.f("pk_vendor_line")),
    )
    op.create_index("ix_vendor_line_name", "vendor_line", ["hospital_id", "is_ended", "sorted_by"], unique=False)
    op.create_table(
        "supply_line",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("supply_id", sa.String(length=20), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sorted_by", sa.String(length=250), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("is_ended", sa.Boolean(), nullable=False),
        sa.Column("product_group", sa.String(length=60), nullable=False),
        sa.Column("department", sa.String(length=120), nullable=False),
        sa.Column("owner_name", sa.String(length=200), nullable=False),
        sa.Column("contract_ends_on", sa.Date(), nullable=True),
        sa.Column("tier", sa.Integer(), nullable=True),
        sa.Column("impact", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["hospital_id", "supply_id"],
            ["supply.hospital_id", "supply.id"],
            name=op.f("fk_supply_line_hospital_id_supply_id"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_supply_line_hospital_id_vendor_id"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "supply_id", name=op.f("pk_supply_line")),
    )
    op.create_index("ix_supply_line_department", "supply_line", ["hospital_id", "department"], unique=False)
    op.create_index("ix_supply_line_name", "supply_line", ["hospital_id", "is_ended", "sorted_by"], unique=False)
    op.create_index("ix_supply_line_vendor", "supply_line", ["hospital_id", "vendor_id"], unique=False)
    op.create_table(
        "shared_ground",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("scan_id", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("vendor_id", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "vendor_id"],
            ["vendor.hospital_id", "vendor.id"],
            name=op.f("fk_shared_ground_hospital_id_vendor_id"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "scan_id", "kind", "key", "host", name=op.f("pk_shared_ground")),
    )
    op.create_index("ix_shared_ground_key", "shared_ground", ["hospital_id", "kind", "key"], unique=False)
    op.create_index("ix_shared_ground_scan", "shared_ground", ["hospital_id", "scan_id"], unique=False)
    with op.batch_alter_table("risk") as batch_op:
        batch_op.add_column(sa.Column("source", sa.String(length=20), server_default="", nullable=False))
        batch_op.create_index("ix_risk_standing", ["hospital_id", "gone_at"], unique=False)
    connection = op.get_bind()
    for risk_id, document in connection.execute(sa.select(RISK.c.id, RISK.c.document)).all():
        source = str((document or {}).get("source") or "")[:20]
        connection.execute(sa.update(RISK).where(RISK.c.id == risk_id).values(source=source))


def downgrade() -> None:
    with op.batch_alter_table("risk") as batch_op:
        batch_op.drop_index("ix_risk_standing")
        batch_op.drop_column("source")
    op.drop_table("shared_ground")
    op.drop_table("supply_line")
    op.drop_table("vendor_line")
    op.drop_table("list_choice")
    op.drop_table("saved_view")
