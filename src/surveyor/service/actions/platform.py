"""What every verb stands on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from surveyor.scan.settings import Settings
from surveyor.service.actions.kickoff import Kickoffs
from surveyor.service.actions.units import Units
from surveyor.service.storage import Storage
from surveyor.service.store.database import Sessions
from surveyor.service.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Llm:
    """Bounds on language models: units a team may spend a month, seconds for one try and for one analysis."""

    monthly_units: int = 1_000
    seconds: float = 90.0
    analysis_seconds: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """The database, the object store, the scanner's settings, and the folder for files in passing (on this machine).

    ``vault`` opens what is encrypted at rest; ``base_url`` is what links begin with; ``llm`` bounds language models.
    ``kickoffs`` queues scans where many ask at once: in a web process.
    """

    sessions: Sessions
    storage: Storage
    scan: Settings
    temporary: Path
    vault: Vault
    base_url: str
    llm: Llm = field(default_factory=Llm)
    units: Units | None = None
    kickoffs: Kickoffs | None = None
