"""Scans of images in registries, and the logins that a project has for these."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Let a run name an image instead of a file; create the table."""
    op.get_bind().exec_driver_sql("""
alter table audit_scan_runs add column image TEXT, add column platform TEXT,
    drop constraint audit_scan_runs_target_check,
    add constraint audit_scan_runs_target_check check (
        num_nonnulls(url, artifact_id, image) = 1 and (kind = 'web') = (url is not null)
        and (platform is null or image is not null));
create table registry_logins (
    id UUID NOT NULL,
    team_id UUID NOT NULL,
    project_id UUID NOT NULL,
    host TEXT NOT NULL,
    username TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT registry_logins_pkey PRIMARY KEY (id),
    CONSTRAINT registry_logins_project_id_host_key UNIQUE (project_id, host),
    CONSTRAINT registry_logins_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE,
    CONSTRAINT registry_logins_project_id_fkey FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
""")
