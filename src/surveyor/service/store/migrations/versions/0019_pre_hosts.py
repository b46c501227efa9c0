"""Hosts that one project may scan though they are private."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Keep them with the project, as ``HOST`` or ``HOST:PORT``."""
    op.get_bind().exec_driver_sql("""
alter table projects add column allow_hosts TEXT[] DEFAULT '{}' NOT NULL;
""")
