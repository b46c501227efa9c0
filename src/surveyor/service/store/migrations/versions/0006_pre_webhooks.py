"""Webhooks with their deliveries, and schedules."""

from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = """
create table webhooks (
    id UUID NOT NULL,
    team_id UUID NOT NULL,
    project_id UUID NOT NULL,
    url TEXT NOT NULL,
    events TEXT[] NOT NULL,
    secret BYTEA NOT NULL,
    previous_secret BYTEA,
    previous_until TIMESTAMP WITH TIME ZONE,
    active BOOLEAN DEFAULT true NOT NULL,
    failures INTEGER DEFAULT 0 NOT NULL,
    disabled_at TIMESTAMP WITH TIME ZONE,
    disabled_reason TEXT,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT webhooks_pkey PRIMARY KEY (id),
    CONSTRAINT webhooks_project_id_key UNIQUE (project_id),
    CONSTRAINT webhooks_previous_check CHECK ((previous_secret is null) = (previous_until is null)),
    CONSTRAINT webhooks_disabled_check CHECK (active = (disabled_at is null)),
    CONSTRAINT webhooks_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE,
    CONSTRAINT webhooks_project_id_fkey FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
create table webhook_deliveries (
    id UUID NOT NULL,
    webhook_id UUID NOT NULL,
    message_id TEXT NOT NULL,
    event TEXT NOT NULL,
    payload JSONB NOT NULL,
    attempt INTEGER NOT NULL,
    status TEXT DEFAULT 'pending' NOT NULL,
    response_code INTEGER,
    response_excerpt TEXT,
    latency_ms INTEGER,
    reason TEXT,
    detail TEXT,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id),
    CONSTRAINT webhook_deliveries_message_id_attempt_key UNIQUE (message_id, attempt),
    CONSTRAINT webhook_deliveries_status_check CHECK (status in ('pending', 'delivered', 'failed', 'skipped')),
    CONSTRAINT webhook_deliveries_finished_check CHECK ((status = 'pending') = (finished_at is null)),
    CONSTRAINT webhook_deliveries_excerpt_check CHECK (length(response_excerpt) <= 200),
    CONSTRAINT webhook_deliveries_webhook_id_fkey FOREIGN KEY(webhook_id) REFERENCES webhooks (id) ON DELETE CASCADE
);
CREATE INDEX webhook_deliveries_inserted_at_idx ON webhook_deliveries (inserted_at);
CREATE INDEX webhook_deliveries_webhook_id_inserted_at_id_idx ON webhook_deliveries (webhook_id, inserted_at, id);
create table schedules (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    team_id UUID NOT NULL,
    project_id UUID NOT NULL,
    url TEXT NOT NULL,
    target TEXT NOT NULL,
    cron TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    disabled_at TIMESTAMP WITH TIME ZONE,
    disabled_reason TEXT,
    next_run_at TIMESTAMP WITH TIME ZONE,
    last_run_at TIMESTAMP WITH TIME ZONE,
    last_scan_id UUID,
    skipped_at TIMESTAMP WITH TIME ZONE,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT schedules_pkey PRIMARY KEY (id),
    CONSTRAINT schedules_project_id_target_key UNIQUE (project_id, target),
    CONSTRAINT schedules_next_check CHECK (active = (next_run_at is not null)),
    CONSTRAINT schedules_disabled_check CHECK (active = (disabled_at is null)),
    CONSTRAINT schedules_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE,
    CONSTRAINT schedules_project_id_fkey FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
CREATE INDEX schedules_due_idx ON schedules (next_run_at) WHERE active;
CREATE INDEX schedules_team_id_project_id_inserted_at_id_idx ON schedules (team_id, project_id, inserted_at, id);
"""


def upgrade() -> None:
    """Create the tables."""
    op.get_bind().exec_driver_sql(TABLES)
