"""How a page is scanned, and where what its scanners saw is kept."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Keep what was asked for beside the address, headers sealed, and the objects of evidence by slot."""
    op.get_bind().exec_driver_sql("""
alter table audit_scan_runs add column options JSONB DEFAULT '{}' NOT NULL, add column headers BYTEA,
    add column evidence_keys JSONB DEFAULT '{}' NOT NULL;
""")
