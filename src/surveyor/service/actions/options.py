"""How a page's scan is to be done: how many pages of its site, as what they are loaded, with which headers.

Headers may be secrets: they are sealed with the run, opened for its scanners and for the proofs of what it found, and
shown to nobody; of what was asked for only their names can be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

import orjson

from surveyor.scan.errors import BadTarget
from surveyor.scan.figures import Device
from surveyor.scan.net.extra import origin_of, several
from surveyor.scan.plan import Crawl
from surveyor.service.errors import InvalidParams
from surveyor.service.store.scans import Scan
from surveyor.service.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for of a page's scan, besides its address."""

    crawl: Crawl | None = None
    device: Device = Device.MOBILE
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def of(self, url: str, scanned: str | None) -> Options:
        """The same for another page: headers go with it where its origin is the scanned one's."""
        if not self.headers or (scanned is not None and origin_of(url) == origin_of(scanned)):
            return self
        return Options(crawl=self.crawl, device=self.device)


#: A page alone, as a phone loads it.
PLAIN = Options()


def judged(given: Mapping[str, Any]) -> Options:
    """Options from what somebody sent (``crawl``, ``device``, ``headers``); InvalidParams names what is wrong."""
    crawl = given.get("crawl")
    try:
        return Options(
            crawl=None if crawl is None else Crawl(**crawl),
            device=Device(given.get("device") or Device.MOBILE),
            headers=several((given.get("headers") or {}).items()),
        )
    except BadTarget as error:
        raise InvalidParams(str(error), details={"options": ["value"]}) from error


def columns(options: Options, scan_id: UUID, vault: Vault) -> dict[str, Any]:
    """The same as a run's row keeps it."""
    told: dict[str, Any] = {}
    if options.crawl is not None:
        told["crawl"] = asdict(options.crawl)
    if options.device is not Device.MOBILE:
        told["device"] = options.device.value
    if options.headers:
        told["headers"] = [name for name, _ in options.headers]
    sealed = vault.seal(orjson.dumps(options.headers).decode(), owner=owner(scan_id)) if options.headers else None
    return {"options": told, "headers": sealed}


def of_scan(scan: Scan, vault: Vault) -> Options:
    """What was asked for of a run; SecretUnreadable where its headers cannot be opened."""
    crawl = scan.options.get("crawl")
    headers = () if scan.headers is None else orjson.loads(vault.open(scan.headers, owner=owner(scan.id)))
    return Options(
        crawl=None if crawl is None else Crawl(**crawl),
        device=Device(scan.options.get("device", Device.MOBILE)),
        headers=tuple((name, value) for name, value in headers),
    )


def owner(scan_id: UUID) -> str:
    """Whose sealed headers are."""
    return f"scan:{scan_id}"
