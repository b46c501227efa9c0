"""How a page's scan is to be done: how many pages of its site, as what they are loaded, with which headers.

Headers may be secrets: they are sealed with the run, opened for its scanners and for the proofs of what it found, and
shown to nobody; of what was asked for only their names can be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from uuid import UUID

import orjson

from surveyor.scan.errors import BadTarget
from surveyor.scan.figures import Device, Engine
from surveyor.scan.net.extra import origin_of, several
from surveyor.scan.plan import Crawl
from surveyor.service.errors import InvalidParams
from surveyor.service.store.scans import Scan
from surveyor.service.store.schedules import Schedule
from surveyor.service.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for of a page's scan, besides its address."""

    crawl: Crawl | None = None
    device: Device = Device.MOBILE
    engine: Engine | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def of(self, url: str, scanned: str | None) -> Options:
        """The same for another page: headers go with it where its origin is the scanned one's."""
        if not self.headers or (scanned is not None and origin_of(url) == origin_of(scanned)):
            return self
        return replace(self, headers=())


#: What leaves the choice of who measures to the settings.
_AUTO = "auto"
#: A page alone, as a phone loads it.
PLAIN = Options()


def judged(given: Mapping[str, Any]) -> Options:
    """Options from what somebody sent (``crawl``, ``device``, ``engine``, ``headers``).

    InvalidParams names what is wrong.
    """
    crawl = given.get("crawl")
    try:
        return Options(
            crawl=None if crawl is None else Crawl(**crawl),
            device=Device(given.get("device") or Device.MOBILE),
            engine=Engine(engine) if (engine := given.get("engine") or _AUTO) != _AUTO else None,
            headers=several((given.get("headers") or {}).items()),
        )
    except BadTarget as error:
        raise InvalidParams(str(error), details={"options": ["value"]}) from error


def columns(options: Options, whose: str, vault: Vault) -> dict[str, Any]:
    """The same as a row keeps it; ``whose`` its sealed headers are is said by ``owner`` and ``owner_of_schedule``."""
    told: dict[str, Any] = {}
    if options.crawl is not None:
        told["crawl"] = asdict(options.crawl)
    if options.device is not Device.MOBILE:
        told["device"] = options.device.value
    if options.engine is not None:
        told["engine"] = options.engine.value
    if options.headers:
        told["headers"] = [name for name, _ in options.headers]
    sealed = vault.seal(orjson.dumps(options.headers).decode(), owner=whose) if options.headers else None
    return {"options": told, "headers": sealed}


def of_scan(scan: Scan, vault: Vault) -> Options:
    """What was asked for of a run; SecretUnreadable where its headers cannot be opened."""
    return _of(scan.options, scan.headers, owner(scan.id), vault)


def of_schedule(schedule: Schedule, vault: Vault) -> Options:
    """What is asked for of a schedule's runs; SecretUnreadable as for those."""
    return _of(schedule.options, schedule.headers, owner_of_schedule(schedule.id), vault)


def _of(told: Mapping[str, Any], sealed: bytes | None, whose: str, vault: Vault) -> Options:
    crawl, engine = told.get("crawl"), told.get("engine")
    headers = () if sealed is None else orjson.loads(vault.open(sealed, owner=whose))
    return Options(
        crawl=None if crawl is None else Crawl(**crawl),
        device=Device(told.get("device", Device.MOBILE)),
        engine=None if engine is None else Engine(engine),
        headers=tuple((name, value) for name, value in headers),
    )


def owner(scan_id: UUID) -> str:
    """Whose a run's sealed headers are."""
    return f"scan:{scan_id}"


def owner_of_schedule(schedule_id: UUID) -> str:
    """Whose a schedule's are."""
    return f"schedule:{schedule_id}"
