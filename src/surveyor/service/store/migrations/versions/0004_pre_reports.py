"""Reports: what was asked for, what became of it, and the numbers of that moment."""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = """
create table audit_reports (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    team_id UUID NOT NULL,
    project_id UUID NOT NULL,
    format TEXT NOT NULL,
    status TEXT DEFAULT 'queued' NOT NULL,
    snapshot JSONB NOT NULL,
    storage_key TEXT,
    size BIGINT,
    findings BIGINT,
    findings_total BIGINT,
    error TEXT,
    job_id BIGINT NOT NULL,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT audit_reports_pkey PRIMARY KEY (id),
    CONSTRAINT audit_reports_format_check CHECK (format in ('json', 'csv', 'html', 'pdf')),
    CONSTRAINT audit_reports_status_check CHECK (status in ('queued', 'exported', 'failed')),
    CONSTRAINT audit_reports_stored_check CHECK ((status = 'exported') = (storage_key is not null)),
    CONSTRAINT audit_reports_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE,
    CONSTRAINT audit_reports_project_id_fkey FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
CREATE INDEX audit_reports_live_idx ON audit_reports (inserted_at) WHERE status = 'queued';
CREATE INDEX audit_reports_team_id_project_id_inserted_at_id_idx
    ON audit_reports (team_id, project_id, inserted_at, id);
"""


def upgrade() -> None:
    """Create the table."""
    op.get_bind().exec_driver_sql(TABLES)
