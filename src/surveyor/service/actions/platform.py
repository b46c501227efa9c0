"""What every verb stands on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from surveyor.scan.settings import Settings
from surveyor.service.store.database import Sessions


class Objects(Protocol):
    """The part of the object store that verbs use; a failed write leaves nothing behind, and says StorageFull if so."""

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """Store a stream; how many bytes it had."""

    async def get(self, key: str) -> bytes:
        """A whole object, for what is known to be small."""

    def stream(self, key: str) -> AsyncIterator[bytes]:
        """An object piece by piece."""

    async def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine."""

    def local_path(self, key: str) -> Path | None:
        """Where the object lies on this machine, if it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """The database, the object store, the scanner's settings, and the folder for files in passing (on this machine)."""

    sessions: Sessions
    storage: Objects
    scan: Settings
    temporary: Path
    upload_max_bytes: int
