"""Kick-offs that may be sent twice: with one key they are one scan, whose id follows from the key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid5

from sqlalchemy.exc import IntegrityError

from surveyor.scan.errors import BadTarget
from surveyor.scan.formats import reference
from surveyor.service.actions.platform import Platform
from surveyor.service.errors import Conflict, NotFound
from surveyor.service.store import scans
from surveyor.service.store.scans import Scan

KEY_LENGTH = 255


async def once(
    platform: Platform, *, project_id: UUID, key: str, wanted: str, start: Callable[[UUID], Awaitable[Scan]]
) -> Scan:
    """The scan of a key: the one that ``start`` queues under its id, or the one that was queued before.

    ``wanted`` is the address or the image that is asked for. Conflict where the key was for another one, or where the
    same request is just being answered.
    """
    scan_id = uuid5(project_id, f"scan:{key}")
    made = await _find(platform, project_id, scan_id)
    if made is None:
        try:
            return await start(scan_id)
        except (IntegrityError, NotFound) as error:
            made = await _find(platform, project_id, scan_id)
            if made is None and isinstance(error, NotFound):
                raise
            if made is None:
                raise Conflict("a request with this key is just being answered; send it again") from error
    if _spelled(wanted) not in {made.url, made.image}:
        raise Conflict("the key was used for another scan", details={"scan_id": str(made.id)})
    return made


def _spelled(wanted: str) -> str:
    """An image by its full name, as runs have it; an address as it is."""
    try:
        return wanted if "://" in wanted else str(reference.parse(wanted))
    except BadTarget:
        return wanted


async def _find(platform: Platform, project_id: UUID, scan_id: UUID) -> Scan | None:
    async with platform.sessions() as session:
        return await scans.find(session, scan_id, project_id=project_id)
