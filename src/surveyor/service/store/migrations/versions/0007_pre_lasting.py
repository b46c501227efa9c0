"""Runs that look again at what an ended one looked at, and what retention has removed."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns, each nullable, so that a running version goes on meanwhile."""
    connection = op.get_bind()
    connection.exec_driver_sql("""
alter table audit_scan_runs
    add column retry_of UUID,
    add column events_removed_at TIMESTAMP WITH TIME ZONE,
    add constraint audit_scan_runs_retry_of_fkey
        FOREIGN KEY(retry_of) REFERENCES audit_scan_runs (id) ON DELETE SET NULL;
create index audit_scan_runs_retry_of_idx on audit_scan_runs (retry_of);
create index audit_scan_runs_artifact_id_idx on audit_scan_runs (artifact_id) where artifact_id is not null;
create index uploads_artifact_id_idx on uploads (artifact_id);
create index audit_scan_runs_told_idx on audit_scan_runs (finished_at) where events_removed_at is null;
alter table artifacts add column removed_at TIMESTAMP WITH TIME ZONE;
""")
