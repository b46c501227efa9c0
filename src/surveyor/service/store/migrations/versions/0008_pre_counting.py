"""An index that counts narrowed lists of findings without a look at the rows."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the index."""
    op.get_bind().exec_driver_sql(
        "create index findings_count_idx on findings (team_id, project_id, status, domain, severity)"
    )
