"""Providers of language models, units of a month, and the ledger of what was asked."""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = """
create table llm_providers (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    team_id UUID,
    kind TEXT NOT NULL,
    enabled BOOLEAN DEFAULT true NOT NULL,
    sealed BYTEA,
    hint TEXT,
    base_url TEXT,
    analysis_model TEXT,
    accessibility_model TEXT,
    key_changed_at TIMESTAMP WITH TIME ZONE,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT llm_providers_pkey PRIMARY KEY (id),
    CONSTRAINT llm_providers_kind_check CHECK (kind in ('anthropic', 'openai', 'compatible')),
    CONSTRAINT llm_providers_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX llm_providers_team_kind_idx ON llm_providers (team_id, kind) WHERE team_id is not null;
CREATE UNIQUE INDEX llm_providers_platform_kind_idx ON llm_providers (kind) WHERE team_id is null;

create table llm_months (
    team_id UUID NOT NULL,
    month DATE NOT NULL,
    used INTEGER NOT NULL,
    reserved INTEGER NOT NULL,
    CONSTRAINT llm_months_pkey PRIMARY KEY (team_id, month),
    CONSTRAINT llm_months_counts_check CHECK (used >= 0 and reserved >= 0),
    CONSTRAINT llm_months_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE
);

create table llm_reservations (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    team_id UUID NOT NULL,
    month DATE NOT NULL,
    purpose TEXT NOT NULL,
    subject_id UUID NOT NULL,
    state TEXT DEFAULT 'reserved' NOT NULL,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    settled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT llm_reservations_pkey PRIMARY KEY (id),
    CONSTRAINT llm_reservations_subject_id_purpose_key UNIQUE (subject_id, purpose),
    CONSTRAINT llm_reservations_purpose_check CHECK (purpose in ('scan', 'verification', 'report')),
    CONSTRAINT llm_reservations_state_check CHECK (
        state in ('reserved', 'charged', 'released', 'refused')
    ),
    CONSTRAINT llm_reservations_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE
);

create table llm_calls (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    team_id UUID NOT NULL,
    project_id UUID NOT NULL,
    subject_id UUID NOT NULL,
    purpose TEXT NOT NULL,
    provider TEXT NOT NULL,
    asked_model TEXT NOT NULL,
    model TEXT,
    outcome TEXT NOT NULL,
    detail TEXT DEFAULT '' NOT NULL,
    tokens_in BIGINT,
    tokens_out BIGINT,
    cost_usd NUMERIC(16, 6),
    latency_ms INTEGER NOT NULL,
    prompt_hash TEXT NOT NULL,
    schema_version TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT llm_calls_pkey PRIMARY KEY (id),
    CONSTRAINT llm_calls_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE,
    CONSTRAINT llm_calls_project_id_fkey FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
CREATE INDEX llm_calls_team_id_id_idx ON llm_calls (team_id, id);
CREATE INDEX llm_calls_subject_id_idx ON llm_calls (subject_id);
"""


def upgrade() -> None:
    """Create what is new; nothing that was there is changed."""
    op.get_bind().exec_driver_sql(TABLES)
