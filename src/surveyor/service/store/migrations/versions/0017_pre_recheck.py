"""Which run's evidence a run judges again."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """A run without a look of its own names the one that had it; one that is removed takes nothing with it."""
    op.get_bind().exec_driver_sql("""
alter table audit_scan_runs add column recheck_of UUID,
    add constraint audit_scan_runs_recheck_of_fkey
        FOREIGN KEY(recheck_of) REFERENCES audit_scan_runs (id) ON DELETE SET NULL;
create index audit_scan_runs_recheck_of_idx on audit_scan_runs (recheck_of);
""")
