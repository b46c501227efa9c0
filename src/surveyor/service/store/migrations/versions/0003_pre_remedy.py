"""Tasks, verifications, regressions, the history of findings, and the orders in which findings are listed.

The generated column is made anew: it puts what nobody has rated apart from what was rated. The version before reads
all of this as it did.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = """
alter table findings
    add column status_reason TEXT,
    add column resolved_at TIMESTAMP WITH TIME ZONE,
    drop column priority_order;
alter table findings add column priority_order SMALLINT GENERATED ALWAYS AS (
    case when severity = 'unknown' and kev is not true
    then coalesce(priority_score, 0) - 102 else coalesce(priority_score, -1) end
) STORED NOT NULL;
CREATE INDEX findings_list_idx ON findings (team_id, project_id, priority_order, severity_order, inserted_at, id);
CREATE INDEX findings_severity_idx ON findings (team_id, project_id, severity_order, priority_order, inserted_at, id);
CREATE INDEX findings_newest_idx ON findings (team_id, project_id, inserted_at, id);
CREATE INDEX findings_last_seen_idx ON findings (team_id, project_id, last_seen, id);
CREATE INDEX findings_rule_idx ON findings (team_id, project_id, rule);
CREATE INDEX finding_assets_value_idx ON finding_assets USING hash (value);
CREATE INDEX finding_assets_named_idx ON finding_assets USING hash (scope);

create table finding_history (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    finding_id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    who TEXT NOT NULL,
    field TEXT NOT NULL,
    before JSONB,
    after JSONB,
    reason TEXT,
    CONSTRAINT finding_history_pkey PRIMARY KEY (id),
    CONSTRAINT finding_history_finding_id_fkey FOREIGN KEY(finding_id) REFERENCES findings (id) ON DELETE CASCADE
);
CREATE INDEX finding_history_finding_id_id_idx ON finding_history (finding_id, id);

create table audit_tasks (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    team_id UUID NOT NULL,
    project_id UUID NOT NULL,
    finding_id UUID NOT NULL,
    title TEXT NOT NULL,
    status TEXT DEFAULT 'backlog' NOT NULL,
    priority TEXT DEFAULT 'medium' NOT NULL,
    owner_id UUID,
    sla_due_at TIMESTAMP WITH TIME ZONE,
    external_ticket_key TEXT,
    pr_url TEXT,
    done_at TIMESTAMP WITH TIME ZONE,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT audit_tasks_pkey PRIMARY KEY (id),
    CONSTRAINT audit_tasks_status_check CHECK (
        status in ('backlog', 'in_progress', 'blocked', 'ready_verify', 'done')
    ),
    CONSTRAINT audit_tasks_priority_check CHECK (priority in ('low', 'medium', 'high', 'critical')),
    CONSTRAINT audit_tasks_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE,
    CONSTRAINT audit_tasks_project_id_fkey FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
    CONSTRAINT audit_tasks_finding_id_fkey FOREIGN KEY(finding_id) REFERENCES findings (id) ON DELETE CASCADE
);
CREATE INDEX audit_tasks_team_id_project_id_inserted_at_id_idx ON audit_tasks (team_id, project_id, inserted_at, id);
CREATE INDEX audit_tasks_finding_id_idx ON audit_tasks (finding_id);

create table audit_verifications (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    team_id UUID NOT NULL,
    project_id UUID NOT NULL,
    task_id UUID NOT NULL,
    finding_id UUID NOT NULL,
    scan_id UUID,
    result TEXT DEFAULT 'pending' NOT NULL,
    reason TEXT,
    checks JSONB DEFAULT '[]' NOT NULL,
    requested_by TEXT NOT NULL,
    job_id BIGINT,
    run UUID,
    attempts INTEGER DEFAULT '0' NOT NULL,
    task_before TEXT,
    finding_before TEXT,
    started_at TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    reopened_at TIMESTAMP WITH TIME ZONE,
    reopened_by TEXT,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT audit_verifications_pkey PRIMARY KEY (id),
    CONSTRAINT audit_verifications_result_check CHECK (result in ('pending', 'passed', 'failed')),
    CONSTRAINT audit_verifications_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE,
    CONSTRAINT audit_verifications_project_id_fkey FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
    CONSTRAINT audit_verifications_task_id_fkey FOREIGN KEY(task_id) REFERENCES audit_tasks (id) ON DELETE CASCADE,
    CONSTRAINT audit_verifications_finding_id_fkey FOREIGN KEY(finding_id) REFERENCES findings (id) ON DELETE CASCADE
);
CREATE INDEX audit_verifications_team_id_project_id_inserted_at_id_idx
    ON audit_verifications (team_id, project_id, inserted_at, id);
CREATE UNIQUE INDEX audit_verifications_pending_idx ON audit_verifications (task_id) WHERE result = 'pending';
CREATE INDEX audit_verifications_task_id_idx ON audit_verifications (task_id);
CREATE INDEX audit_verifications_finding_id_idx ON audit_verifications (finding_id);

create table audit_regressions (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    team_id UUID NOT NULL,
    project_id UUID NOT NULL,
    finding_id UUID NOT NULL,
    task_id UUID,
    verification_id UUID,
    scan_id UUID,
    trigger TEXT NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT audit_regressions_pkey PRIMARY KEY (id),
    CONSTRAINT audit_regressions_trigger_check CHECK (trigger in ('verification_reopened', 'reappeared')),
    CONSTRAINT audit_regressions_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE,
    CONSTRAINT audit_regressions_project_id_fkey FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
    CONSTRAINT audit_regressions_finding_id_fkey FOREIGN KEY(finding_id) REFERENCES findings (id) ON DELETE CASCADE,
    CONSTRAINT audit_regressions_task_id_fkey FOREIGN KEY(task_id) REFERENCES audit_tasks (id) ON DELETE SET NULL,
    CONSTRAINT audit_regressions_verification_id_fkey
        FOREIGN KEY(verification_id) REFERENCES audit_verifications (id) ON DELETE SET NULL
);
CREATE INDEX audit_regressions_team_id_project_id_inserted_at_id_idx
    ON audit_regressions (team_id, project_id, inserted_at, id);
CREATE INDEX audit_regressions_finding_id_idx ON audit_regressions (finding_id);
"""


def upgrade() -> None:
    """Add; only the generated column is replaced, which writes the findings' table once."""
    op.get_bind().exec_driver_sql(TABLES)
