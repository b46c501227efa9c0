"""Version 1 of the API: every route under the canonical prefix, and again under the short one."""

from __future__ import annotations

from functools import cache

from fastapi import APIRouter, Depends

from surveyor.service.api.v1 import (
    events,
    findings,
    hosts,
    llm,
    query,
    registries,
    regressions,
    reports,
    scans,
    schedules,
    schemas,
    tasks,
    uploads,
    verifications,
    webhooks,
)
from surveyor.service.api.v1.access import named_project
from surveyor.service.errors import CODES

#: Answered by any route, so said once for all of them.
_ANYWHERE = (400, 401, 403, 404, 415, 422, 429, 500, 503)
_RESPONSES: dict[int | str, dict[str, object]] = {
    status: {
        "model": schemas.FailureEnvelope,
        "description": " / ".join(f"`{code}`: {words}" for code, (at, words) in CODES.items() if at == status),
    }
    for status in _ANYWHERE
}

ROUTES = (
    scans.router,
    uploads.router,
    events.router,
    findings.router,
    llm.router,
    tasks.router,
    verifications.router,
    regressions.router,
    reports.router,
    webhooks.router,
    schedules.router,
    registries.router,
    hosts.router,
)


@cache
def router() -> APIRouter:
    """All routes, twice: with the org and project in the path, and short, acting on the key's default project.

    Made once: they hold nothing of an application, and reading every signature takes a quarter of a second.
    """
    whole = APIRouter(prefix="/api/v1", responses=_RESPONSES)
    for part in ROUTES:
        whole.include_router(
            part, prefix="/orgs/{org_id}/projects/{project_id}/audit", dependencies=[Depends(named_project)]
        )
        whole.include_router(part, prefix="/audit")
    # all other routes ask who calls first, and that judges the rest
    whole.include_router(reports.signed, dependencies=[Depends(query.judge)])
    return whole
