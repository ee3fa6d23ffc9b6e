"""Policies of a hospital's own."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policy_draft",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("edits", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_policy_draft_hospital_id")),
        sa.PrimaryKeyConstraint("hospital_id", name=op.f("pk_policy_draft")),
    )
    op.create_table(
        "policy_release",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_policy_release_hospital_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_release")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_policy_release_hospital_id_id")),
        sa.UniqueConstraint("hospital_id", "number", name=op.f("uq_policy_release_hospital_id_number")),
    )
    _guard()


def _guard() -> None:
    """A release is never changed and never taken back."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER policy_release_no_{act.lower()} BEFORE {act} ON policy_release "
                "BEGIN SELECT RAISE(ABORT, 'a released policy is not changed'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION policy_release_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a released policy is not changed'; END $$"
    )
    op.execute(
        "CREATE TRIGGER policy_release_no_change BEFORE UPDATE OR DELETE ON policy_release "
        "FOR EACH ROW EXECUTE FUNCTION policy_release_refuse()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER policy_release_no_update")
        op.execute("DROP TRIGGER policy_release_no_delete")
    else:
        op.execute("DROP TRIGGER policy_release_no_change ON policy_release")
        op.execute("DROP FUNCTION policy_release_refuse")
    op.drop_table("policy_release")
    op.drop_table("policy_draft")
