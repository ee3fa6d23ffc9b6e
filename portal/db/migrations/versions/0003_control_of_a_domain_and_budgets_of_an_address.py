"""Control of a domain, a ledger that is only added to, and budgets of an address over all hospitals."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "domain_control",
        sa.Column("company_id", sa.String(length=20), nullable=False),
        sa.Column("host_name", sa.String(length=253), nullable=False),
        sa.Column("token", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reason_values", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_domain_control_company_id")),
        sa.PrimaryKeyConstraint("company_id", "host_name", name=op.f("pk_domain_control")),
    )
    op.create_table(
        "scan_use",
        sa.Column("target", sa.String(length=253), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("budget", sa.String(length=20), nullable=False),
        sa.Column("scan_id", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("target", "day", "budget", "scan_id", name=op.f("pk_scan_use")),
    )
    op.create_table(
        "address_lease",
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("holder", sa.String(length=20), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_address_lease")),
    )
    op.create_index(op.f("ix_address_lease_holder"), "address_lease", ["holder"], unique=False)
    op.create_table(
        "mail_session",
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("address", "host", name=op.f("pk_mail_session")),
    )
    op.create_index(op.f("ix_mail_session_at"), "mail_session", ["at"], unique=False)
    # Plain ALTER TABLE, so that SQLite keeps the table and with it the triggers.
    op.add_column("consent", sa.Column("terms", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("scan_run", sa.Column("active_hosts", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("scan_run", sa.Column("kept_back", sa.Boolean(), nullable=False, server_default=sa.false()))
    _protect_the_ledger()


def downgrade() -> None:
    _unprotect_the_ledger()
    op.drop_column("scan_run", "kept_back")
    op.drop_column("scan_run", "active_hosts")
    op.drop_column("consent", "terms")
    for table in ("mail_session", "address_lease", "scan_use", "domain_control"):
        op.drop_table(table)


def _protect_the_ledger() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER consent_no_{act.lower()} BEFORE {act} ON consent "
                "BEGIN SELECT RAISE(ABORT, 'the ledger of consents is only added to'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION consent_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the ledger of consents is only added to'; END $$"
    )
    op.execute(
        "CREATE TRIGGER consent_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON consent "
        "FOR EACH STATEMENT EXECUTE FUNCTION consent_refuse()"
    )


def _unprotect_the_ledger() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(f"DROP TRIGGER consent_no_{act.lower()}")
        return
    op.execute("DROP TRIGGER consent_no_change ON consent")
    op.execute("DROP FUNCTION consent_refuse()")
