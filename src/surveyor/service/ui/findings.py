"""All findings of the project, narrowed by a few facets; every choice is in the address."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from surveyor.scan.model import Domain, Severity
from surveyor.service.actions import findings
from surveyor.service.errors import NotFound
from surveyor.service.store.finding_lists import Filter
from surveyor.service.ui import rows, words
from surveyor.service.ui.render import page
from surveyor.service.ui.visitors import freshness, platform_of, visitor

_PAGE = 50
_STATUSES = tuple(words.FINDING)
_LABELS = {"unknown": "Not rated", "seo": "SEO", "ready_verify": "Ready to verify"}


def _facet(name: str, label: str, values: tuple[str, ...]) -> dict[str, object]:
    options = [{"value": v, "label": _LABELS.get(v, v.replace("_", " ").capitalize())} for v in values]
    return {"name": name, "label": label, "options": options}


FACETS = (
    _facet("severity", "Severity", tuple(Severity)),
    _facet("domain", "Domain", tuple(Domain)),
    _facet("status", "Status", _STATUSES),
)


async def show(request: Request) -> Response:
    """``GET /findings``."""
    who = await visitor(request)
    chosen = {str(f["name"]): _choice(request, f) for f in FACETS}
    text = request.query_params.get("q", "").strip()[:200] or None
    scan_id = _uuid(request.query_params.get("scan", ""))
    cursor = request.query_params.get("cursor", "")[:300] or None
    found = await findings.page(
        platform_of(request).sessions,
        team_id=who.team_id,
        project_id=who.project_id,
        wanted=Filter(
            severity=chosen["severity"],
            domain=chosen["domain"],
            status=chosen["status"],
            text=text,
            scan_id=scan_id,
        ),
        limit=_PAGE,
        after=cursor,
    )
    kept = {k: v for k, v in {**chosen, "q": text, "scan": str(scan_id) if scan_id else None}.items() if v}
    return page(
        "findings.html",
        here="findings",
        who=who,
        advisories=await freshness(request),
        facets=FACETS,
        chosen={**chosen, "q": text},
        scan_id=scan_id,
        filtered=bool(kept),
        findings={
            "rows": [rows.finding(row) for row in found.items],
            "total": found.total,
            "estimate": found.total_is_estimate,
            "next": f"/findings?{urlencode({**kept, 'cursor': found.next_cursor})}" if found.next_cursor else None,
            "first": f"/findings?{urlencode(kept)}",
            "later": bool(cursor),
        },
    )


def _choice(request: Request, facet: dict[str, object]) -> str | None:
    given = request.query_params.get(str(facet["name"]), "")
    options = facet["options"]
    assert isinstance(options, list)
    return given if any(option["value"] == given for option in options) else None


def _uuid(text: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("There is no such scan") from error
