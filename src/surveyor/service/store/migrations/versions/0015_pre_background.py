"""What is known of a flaw beside where it was found."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Keep how likely and whether it is exploited, its kind and dates, whose word decided, and a file's decision."""
    op.get_bind().exec_driver_sql("""
alter table findings add column epss_percentile FLOAT, add column epss_date TIMESTAMP WITH TIME ZONE,
    add column known_exploited JSONB, add column cwes TEXT[] DEFAULT '{}' NOT NULL,
    add column published TIMESTAMP WITH TIME ZONE, add column modified TIMESTAMP WITH TIME ZONE,
    add column ruled_by TEXT, add column decision JSONB;
create index findings_exploited_idx on findings (team_id, project_id, priority_order, severity_order, inserted_at, id)
    where kev;
""")
