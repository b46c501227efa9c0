"""Owners of packages."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Keep which system package put a package of a language where it is."""
    op.get_bind().exec_driver_sql("alter table scan_packages add column owner TEXT;")
