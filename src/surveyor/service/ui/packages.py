"""What a scan found to be there: its inventory, page by page, narrowed by name."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from surveyor.service.actions import packages, scans
from surveyor.service.actions.inventories import PACKAGES
from surveyor.service.errors import NotFound
from surveyor.service.store.scans import Scan
from surveyor.service.ui import rows
from surveyor.service.ui.render import page
from surveyor.service.ui.scans import scan_id
from surveyor.service.ui.visitors import freshness, platform_of, visitor
from surveyor.service.ui.words import Own, own

_PAGE = 100
_NAME_LENGTH, _CURSOR_LENGTH = 200, 300
#: How sure it is that a package is there.
TIERS = {"confirmed_installed": "Recorded", "heuristic_unverified": "Inferred"}
#: Licences of one package that a list has room for.
_LICENSES = 3


async def show(request: Request) -> Response:
    """``GET /scans/{scan_id}/packages``."""
    who = await visitor(request)
    sessions, whose = platform_of(request).sessions, own(who)
    scan = await scans.find(sessions, **whose, scan_id=scan_id(request))
    if scan.kind != "artifact":
        raise NotFound("A page has no packages")
    return page(
        "packages.html",
        here="scans",
        who=who,
        advisories=await freshness(request),
        scan={"id": scan.id, "short": str(scan.id)[:8], "target": rows.target(scan)},
        tiers=TIERS,
        most_licenses=_LICENSES,
        **await _list(request, whose, scan),
    )


async def _list(request: Request, whose: Own, scan: Scan) -> dict[str, Any]:
    name = request.query_params.get("name", "").replace("\x00", "").strip()[:_NAME_LENGTH]
    cursor = request.query_params.get("cursor", "")[:_CURSOR_LENGTH]
    found = await packages.page(
        platform_of(request).sessions, **whose, scan_id=scan.id, name=name or None, limit=_PAGE, after=cursor or None
    )
    base, kept = f"/scans/{scan.id}/packages", {"name": name} if name else {}
    known = scan.summary.get(PACKAGES)
    exact = known if isinstance(known, int) and found.total and not name else None
    return {
        "name": name,
        "packages": {
            "rows": found.items,
            "total": found.total if exact is None else exact,
            "estimate": found.total_is_estimate and exact is None,
            "lost": not found.total and not name and bool(known),
            "next": f"{base}?{urlencode({**kept, 'cursor': found.next_cursor})}" if found.next_cursor else None,
            "first": f"{base}?{urlencode(kept)}" if kept else base,
            "later": bool(cursor),
        },
    }
