"""Pages that belong to no subject: what a failure looks like, and the static files."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from surveyor.service.errors import NotFound, ServiceError
from surveyor.service.ui.render import STATIC, page, static

_TITLES = {
    400: "That could not be read",
    403: "Not allowed",
    404: "Nothing here",
    413: "Too large",
    500: "Something went wrong",
    503: "Not available right now",
}
#: Where a status alone does not say what is the matter: waiting a moment helps against one of these only.
_BY_CODE = {"rate_limited": "A moment, please", "quota_exceeded": "This month's units are used"}
#: Every file that may be asked for; the address comes from outside and never becomes a path.
FILES = frozenset(p.relative_to(STATIC).as_posix() for p in STATIC.rglob("*") if p.is_file() and p.suffix)
_KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


def failure(error: ServiceError, *, request_id: str, headers: Mapping[str, str]) -> Response:
    """A failure for people."""
    title = _BY_CODE.get(error.code) or _TITLES.get(error.status, "That did not work")
    answer = page("error.html", status=error.status, title=title, message=error.message, request_id=request_id)
    answer.headers.update(headers)
    return answer


async def static_file(request: Request) -> Response:
    """``GET /static/{digest}/{name}``: kept for ever under its content's address, looked at again under any other."""
    digest, name = request.path_params["digest"], request.path_params["name"]
    if name not in FILES:
        raise NotFound("There is no such file")
    path = STATIC / name
    kind = _KINDS.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    fixed = static(name) == f"/static/{digest}/{name}"
    caching = "public, max-age=31536000, immutable" if fixed else "no-cache"
    return FileResponse(path, media_type=kind, headers={"cache-control": caching})
