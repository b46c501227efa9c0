"""Indexes for a million findings: totals without a look at the rows, assets of one artifact without a chain."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add one index and exchange another."""
    op.get_bind().exec_driver_sql("""
create index findings_count_idx on findings (team_id, project_id, status, domain, severity_order);
drop index finding_assets_named_idx;
create index finding_assets_named_idx on finding_assets (project_id, scope);
""")
