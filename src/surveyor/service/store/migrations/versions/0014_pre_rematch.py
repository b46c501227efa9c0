"""Inventories that are matched again when advisories change."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Number packages by what advisories call them, and keep what an update changed.

    Packages get their numbers when the first update asks for them: what makes a number is no matter of the schema.
    """
    op.get_bind().exec_driver_sql("""
alter table scan_packages add column concern BIGINT;
drop index scan_packages_type_name_idx;
create index scan_packages_concern_idx on scan_packages (concern);
create index scan_packages_unnumbered_idx on scan_packages (id) where concern is null;
alter table audit_scan_runs add column rematch JSONB;
create index audit_scan_runs_of_target_idx on audit_scan_runs
    (project_id, coalesce(name, cast(artifact_id as text)), inserted_at, id) where kind = 'artifact';
alter table advisory_updates add column state TEXT, add column everything BOOLEAN DEFAULT false NOT NULL,
    add column packages BIGINT[] DEFAULT '{}' NOT NULL, add column flaws TEXT[] DEFAULT '{}' NOT NULL;
""")
