"""The first tables: teams and keys, scans and their events, findings and what they affect.

Frozen SQL: what this migration makes must not change when the tables in ``store`` move on.
"""

from alembic import op

revision = "0001"
down_revision = None

TABLES = """
create table teams (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT teams_pkey PRIMARY KEY (id),
    CONSTRAINT teams_slug_key UNIQUE (slug)
);

create table projects (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    team_id UUID NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT projects_pkey PRIMARY KEY (id),
    CONSTRAINT projects_team_id_slug_key UNIQUE (team_id, slug),
    CONSTRAINT projects_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE
);

create table api_keys (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    team_id UUID NOT NULL,
    project_id UUID NOT NULL,
    name TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    prefix TEXT NOT NULL,
    scopes TEXT[] NOT NULL,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    last_used_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT api_keys_pkey PRIMARY KEY (id),
    CONSTRAINT api_keys_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE,
    CONSTRAINT api_keys_project_id_fkey FOREIGN KEY(project_id) REFERENCES projects (id),
    CONSTRAINT api_keys_sha256_key UNIQUE (sha256)
);
CREATE INDEX api_keys_team_id_idx ON api_keys (team_id);

create table sign_in_links (
    sha256 BYTEA NOT NULL,
    team_id UUID NOT NULL,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT sign_in_links_pkey PRIMARY KEY (sha256),
    CONSTRAINT sign_in_links_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE
);
CREATE INDEX sign_in_links_expires_at_idx ON sign_in_links (expires_at);

create table sessions (
    sha256 BYTEA NOT NULL,
    team_id UUID NOT NULL,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT sessions_pkey PRIMARY KEY (sha256),
    CONSTRAINT sessions_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE
);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

create table rate_limit_windows (
    team_id UUID NOT NULL,
    bucket TEXT NOT NULL,
    window_start TIMESTAMP WITH TIME ZONE NOT NULL,
    count INTEGER NOT NULL,
    CONSTRAINT rate_limit_windows_pkey PRIMARY KEY (team_id, bucket, window_start)
);
CREATE INDEX rate_limit_windows_window_start_idx ON rate_limit_windows (window_start);

create table artifacts (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    team_id UUID NOT NULL,
    sha256 TEXT NOT NULL,
    size BIGINT NOT NULL,
    storage_key TEXT NOT NULL,
    filename TEXT NOT NULL,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT artifacts_pkey PRIMARY KEY (id),
    CONSTRAINT artifacts_team_id_sha256_key UNIQUE (team_id, sha256),
    CONSTRAINT artifacts_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE
);

create table uploads (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    team_id UUID NOT NULL,
    project_id UUID NOT NULL,
    artifact_id UUID NOT NULL,
    filename TEXT NOT NULL,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT uploads_pkey PRIMARY KEY (id),
    CONSTRAINT uploads_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE,
    CONSTRAINT uploads_project_id_fkey FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
    CONSTRAINT uploads_artifact_id_fkey FOREIGN KEY(artifact_id) REFERENCES artifacts (id)
);
CREATE INDEX uploads_team_id_project_id_inserted_at_id_idx ON uploads (team_id, project_id, inserted_at, id);

create table audit_scan_runs (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    team_id UUID NOT NULL,
    project_id UUID NOT NULL,
    kind TEXT NOT NULL,
    status TEXT DEFAULT 'queued' NOT NULL,
    trigger TEXT DEFAULT 'manual' NOT NULL,
    url TEXT,
    artifact_id UUID,
    name TEXT,
    scanner_status JSONB DEFAULT '{}' NOT NULL,
    event_offsets JSONB DEFAULT '{}' NOT NULL,
    report_keys JSONB DEFAULT '{}' NOT NULL,
    summary JSONB DEFAULT '{}' NOT NULL,
    coverage JSONB DEFAULT '[]' NOT NULL,
    error TEXT,
    last_seq BIGINT DEFAULT '0' NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    job_ids JSONB DEFAULT '[]' NOT NULL,
    heartbeat_at TIMESTAMP WITH TIME ZONE,
    analysis_enqueued_at TIMESTAMP WITH TIME ZONE,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT audit_scan_runs_pkey PRIMARY KEY (id),
    CONSTRAINT audit_scan_runs_kind_check CHECK (kind in ('web', 'artifact')),
    CONSTRAINT audit_scan_runs_status_check CHECK (status in ('queued', 'running', 'done', 'failed', 'cancelled')),
    CONSTRAINT audit_scan_runs_target_check CHECK (
        (kind = 'web') = (url is not null) and (kind = 'artifact') = (artifact_id is not null)
    ),
    CONSTRAINT audit_scan_runs_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE,
    CONSTRAINT audit_scan_runs_project_id_fkey FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
    CONSTRAINT audit_scan_runs_artifact_id_fkey FOREIGN KEY(artifact_id) REFERENCES artifacts (id)
);
CREATE INDEX audit_scan_runs_live_idx ON audit_scan_runs (updated_at) WHERE status in ('queued', 'running');
CREATE INDEX audit_scan_runs_team_id_project_id_inserted_at_id_idx
    ON audit_scan_runs (team_id, project_id, inserted_at, id);

create table scan_events (
    scan_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    ts TIMESTAMP WITH TIME ZONE NOT NULL,
    slot TEXT,
    stage TEXT NOT NULL,
    level TEXT NOT NULL,
    detail TEXT NOT NULL,
    pct SMALLINT,
    data JSONB,
    CONSTRAINT scan_events_pkey PRIMARY KEY (scan_id, seq),
    CONSTRAINT scan_events_scan_id_fkey FOREIGN KEY(scan_id) REFERENCES audit_scan_runs (id) ON DELETE CASCADE
);

create table findings (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    team_id UUID NOT NULL,
    project_id UUID NOT NULL,
    domain TEXT NOT NULL,
    rule TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT DEFAULT '' NOT NULL,
    severity TEXT NOT NULL,
    severity_by TEXT DEFAULT 'rule' NOT NULL,
    status TEXT DEFAULT 'new' NOT NULL,
    owner_id UUID,
    confidence FLOAT NOT NULL,
    tier TEXT,
    ids TEXT[] DEFAULT '{}' NOT NULL,
    package TEXT,
    cvss JSONB DEFAULT '[]' NOT NULL,
    epss FLOAT,
    kev BOOLEAN,
    fixed_in TEXT[] DEFAULT '{}' NOT NULL,
    fix_state TEXT,
    reference_urls TEXT[] DEFAULT '{}' NOT NULL,
    impact_score SMALLINT,
    effort_score SMALLINT,
    risk_score SMALLINT,
    priority_score SMALLINT,
    priority JSONB,
    recommended_fix JSONB,
    evidence JSONB DEFAULT '[]' NOT NULL,
    first_scan_id UUID NOT NULL,
    last_scan_id UUID NOT NULL,
    first_seen TIMESTAMP WITH TIME ZONE NOT NULL,
    last_seen TIMESTAMP WITH TIME ZONE NOT NULL,
    not_seen_since TIMESTAMP WITH TIME ZONE,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    priority_order SMALLINT GENERATED ALWAYS AS (coalesce(priority_score, -1)) STORED NOT NULL,
    severity_order SMALLINT GENERATED ALWAYS AS (
        case severity when 'critical' then 4 when 'high' then 3 when 'medium' then 2 when 'low' then 1 else 0 end
    ) STORED NOT NULL,
    CONSTRAINT findings_pkey PRIMARY KEY (id),
    CONSTRAINT findings_team_id_project_id_domain_title_key UNIQUE (team_id, project_id, domain, title),
    CONSTRAINT findings_domain_check CHECK (
        domain in ('security', 'performance', 'accessibility', 'seo', 'vulnerability')
    ),
    CONSTRAINT findings_severity_check CHECK (
        severity in ('critical', 'high', 'medium', 'low', 'unknown')
        and (severity <> 'unknown' or domain = 'vulnerability')
    ),
    CONSTRAINT findings_severity_by_check CHECK (severity_by in ('rule', 'person')),
    CONSTRAINT findings_status_check CHECK (
        status in ('new', 'triaged', 'in_progress', 'ready_verify', 'resolved', 'dismissed')
    ),
    CONSTRAINT findings_confidence_check CHECK (confidence between 0 and 1),
    CONSTRAINT findings_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE,
    CONSTRAINT findings_project_id_fkey FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
CREATE INDEX findings_ids_idx ON findings USING gin (ids);
CREATE INDEX findings_list_idx ON findings (team_id, project_id, priority_order, severity_order, inserted_at, id);

create table finding_assets (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    finding_id UUID NOT NULL,
    project_id UUID NOT NULL,
    scope TEXT NOT NULL,
    slot TEXT NOT NULL,
    identity BYTEA NOT NULL,
    type TEXT NOT NULL,
    value TEXT NOT NULL,
    artifact TEXT,
    path TEXT,
    layer TEXT,
    detected_by_scan UUID NOT NULL,
    first_seen TIMESTAMP WITH TIME ZONE NOT NULL,
    last_seen TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT finding_assets_pkey PRIMARY KEY (id),
    CONSTRAINT finding_assets_finding_id_identity_key UNIQUE (finding_id, identity),
    CONSTRAINT finding_assets_finding_id_fkey FOREIGN KEY(finding_id) REFERENCES findings (id) ON DELETE CASCADE
);
CREATE INDEX finding_assets_scope_idx ON finding_assets (project_id, slot, scope);

create table scan_findings (
    scan_id UUID NOT NULL,
    finding_id UUID NOT NULL,
    slot TEXT NOT NULL,
    CONSTRAINT scan_findings_pkey PRIMARY KEY (scan_id, finding_id),
    CONSTRAINT scan_findings_scan_id_fkey FOREIGN KEY(scan_id) REFERENCES audit_scan_runs (id) ON DELETE CASCADE,
    CONSTRAINT scan_findings_finding_id_fkey FOREIGN KEY(finding_id) REFERENCES findings (id) ON DELETE CASCADE
);
CREATE INDEX scan_findings_finding_id_idx ON scan_findings (finding_id);

create table scan_packages (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    scan_id UUID NOT NULL,
    purl TEXT NOT NULL,
    type TEXT NOT NULL,
    namespace TEXT,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    tier TEXT NOT NULL,
    presence TEXT NOT NULL,
    found_by TEXT NOT NULL,
    state TEXT,
    licenses TEXT[] NOT NULL,
    locations JSONB NOT NULL,
    evidence JSONB NOT NULL,
    source JSONB,
    distro JSONB,
    CONSTRAINT scan_packages_pkey PRIMARY KEY (id),
    CONSTRAINT scan_packages_scan_id_fkey FOREIGN KEY(scan_id) REFERENCES audit_scan_runs (id) ON DELETE CASCADE
);
CREATE INDEX scan_packages_scan_id_id_idx ON scan_packages (scan_id, id);
CREATE INDEX scan_packages_type_name_idx ON scan_packages (type, name);

create table advisory_updates (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    status TEXT DEFAULT 'queued' NOT NULL,
    sources JSONB DEFAULT '[]' NOT NULL,
    error TEXT,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT advisory_updates_pkey PRIMARY KEY (id),
    CONSTRAINT advisory_updates_status_check CHECK (status in ('queued', 'running', 'done', 'failed'))
);
CREATE INDEX advisory_updates_inserted_at_idx ON advisory_updates (inserted_at);
"""


def upgrade() -> None:
    """Create everything; there is nothing before it."""
    op.get_bind().exec_driver_sql(TABLES)
