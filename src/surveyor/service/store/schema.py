"""Every table, loaded: what migrations are compared with."""

from __future__ import annotations

from surveyor.service.store import (
    advisories,
    artifacts,
    events,
    finding_assets,
    findings,
    history,
    keys,
    llm_calls,
    llm_providers,
    llm_quota,
    packages,
    ratelimit,
    registry_logins,
    regressions,
    reports,
    scans,
    schedules,
    signin,
    tasks,
    teams,
    verifications,
    webhooks,
)
from surveyor.service.store.database import metadata

__all__ = ["MODULES", "metadata"]

MODULES = (
    teams,
    keys,
    signin,
    ratelimit,
    artifacts,
    scans,
    events,
    findings,
    finding_assets,
    packages,
    advisories,
    history,
    tasks,
    verifications,
    regressions,
    reports,
    webhooks,
    schedules,
    llm_providers,
    llm_quota,
    llm_calls,
    registry_logins,
)
