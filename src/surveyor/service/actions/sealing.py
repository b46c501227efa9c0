"""Seal what is kept in the database anew, when the installation's secret is exchanged."""

from __future__ import annotations

from surveyor.service.actions import llm, options, registries, webhooks
from surveyor.service.errors import SecretUnreadable
from surveyor.service.store import llm_providers, registry_logins, scans, schedules
from surveyor.service.store import webhooks as webhook_store
from surveyor.service.store.database import Sessions
from surveyor.service.vault import Vault


async def reseal(sessions: Sessions, *, old: Vault, new: Vault) -> int:
    """Seal every provider's key, webhook's secret, registry's password and page's headers under ``new``, all or none.

    Returns how many.
    What is the new one's already stays, so that an exchange that was broken off can be done again. SecretUnreadable
    where neither opens one.
    """
    count = 0
    async with sessions() as session, session.begin():
        await llm_providers.hold(session)
        for row in await llm_providers.sealed(session):
            owner = llm.owner(row.team_id, row.kind)
            await llm_providers.put(session, row.team_id, row.kind, sealed=_anew(row.sealed, owner, old, new))
            count += 1
        for hook in await webhook_store.sealed(session):
            owner = webhooks.owner(hook.id)
            await webhook_store.change(
                session,
                hook.id,
                secret=_anew(hook.secret, owner, old, new),
                previous_secret=_anew(hook.previous_secret, owner, old, new),
            )
            count += 1
        for login in await registry_logins.sealed(session):
            sealed = _anew(login.sealed, registries.owner(login.id), old, new)
            await registry_logins.change(session, login.team_id, login.project_id, login.id, sealed=sealed)
            count += 1
        for scan_id, headers in await scans.sealed(session):
            await scans.change(session, scan_id, headers=_anew(headers, options.owner(scan_id), old, new))
            count += 1
        for schedule_id, headers in await schedules.sealed(session):
            again = _anew(headers, options.owner_of_schedule(schedule_id), old, new)
            await schedules.change(session, schedule_id, headers=again)
            count += 1
    return count


def _anew(sealed: bytes | None, owner: str, old: Vault, new: Vault) -> bytes | None:
    if sealed is None:
        return None
    try:
        return new.seal(old.open(sealed, owner=owner), owner=owner)
    except SecretUnreadable:
        new.open(sealed, owner=owner)
        return sealed
