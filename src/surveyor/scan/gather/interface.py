"""What a gatherer is: a URL in, evidence out, through the one client."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from surveyor.scan.evidence import Page, Speed
from surveyor.scan.net import Client
from surveyor.scan.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One URL to gather from.

    ``deadline`` is on ``clock``; ``sleep`` (seconds) and ``jitter`` (0..1) are for waiting before a retry.
    """

    url: str
    settings: Settings
    client: Client
    deadline: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    @property
    def left(self) -> float:
        """Seconds until the deadline, never negative."""
        return max(0.0, self.deadline - self.clock())


@dataclass(frozen=True, slots=True, kw_only=True)
class Gatherer:
    """A way to get evidence. ``gather`` raises errors of the scanner only."""

    id: str
    version: int
    gather: Callable[[Errand], Page | Speed]
