"""Catalogues that a hospital added."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

WHEN = "OLD.released_at IS NOT NULL AND (NEW.document <> OLD.document OR NEW.sha256 <> OLD.sha256 OR "
WHEN += "NEW.version <> OLD.version OR NEW.catalogue_id <> OLD.catalogue_id OR NEW.hospital_id <> OLD.hospital_id OR "
WHEN += "NEW.released_at IS NULL)"
SENTENCE = "a released catalogue never changes"


def upgrade() -> None:
    op.create_table(
        "own_catalogue",
        sa.Column("hospital_id", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("catalogue_id", sa.String(length=60), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("base_id", sa.String(length=60), nullable=False),
        sa.Column("base_version", sa.String(length=20), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("edits", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.String(length=200), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.id"], name=op.f("fk_own_catalogue_hospital_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_catalogue")),
        sa.UniqueConstraint("hospital_id", "id", name=op.f("uq_own_catalogue_hospital_id_id")),
        sa.UniqueConstraint(
            "hospital_id",
            "catalogue_id",
            "version",
            name=op.f("uq_own_catalogue_hospital_id_catalogue_id_version"),
        ),
    )
    # Plain ALTER TABLE, so that SQLite keeps the table and with it the triggers.
    op.add_column("assessment", sa.Column("catalogue_reason", sa.Text(), nullable=False, server_default=""))
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER own_catalogue_no_change BEFORE UPDATE ON own_catalogue WHEN {WHEN} "
            f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
        )
        op.execute(
            "CREATE TRIGGER own_catalogue_no_removal BEFORE DELETE ON own_catalogue "
            f"WHEN OLD.released_at IS NOT NULL BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION own_catalogue_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{SENTENCE}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER own_catalogue_no_change BEFORE UPDATE ON own_catalogue FOR EACH ROW WHEN ({WHEN}) "
        "EXECUTE FUNCTION own_catalogue_refuse()"
    )
    op.execute(
        "CREATE TRIGGER own_catalogue_no_removal BEFORE DELETE ON own_catalogue FOR EACH ROW "
        "WHEN (OLD.released_at IS NOT NULL) EXECUTE FUNCTION own_catalogue_refuse()"
    )


def downgrade() -> None:
    op.drop_column("assessment", "catalogue_reason")
    op.drop_table("own_catalogue")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION own_catalogue_refuse()")
