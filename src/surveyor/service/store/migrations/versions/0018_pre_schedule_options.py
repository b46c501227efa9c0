"""How a scheduled page is scanned."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Keep what a scan is asked for beside the address, headers sealed."""
    op.get_bind().exec_driver_sql("""
alter table schedules add column options JSONB DEFAULT '{}' NOT NULL, add column headers BYTEA;
""")
