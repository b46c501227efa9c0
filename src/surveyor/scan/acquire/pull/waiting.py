"""Work on the network while a scan goes on telling how far it is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Self, TypeVar

from surveyor.scan.errors import LimitExceeded
from surveyor.scan.events import Progress
from surveyor.scan.limits import Budget

_TOGETHER = 3  # layers that come at once, as other clients do
_BEAT_SECONDS = 1.0
_PCT_FROM, _PCT_TO = 2, 5
_MB = 1_000_000
T = TypeVar("T")


class Waiting:
    """Work on the network in threads of its own, while this one tells how far it is at least every second."""

    def __init__(self, progress: Progress, budget: Budget) -> None:
        self._progress = progress
        self._budget = budget
        self._pool = ThreadPoolExecutor(max_workers=_TOGETHER, thread_name_prefix="pull")
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._came = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # a thread that still waits for a server ends with its next piece
        self._over.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def tick(self, count: int) -> None:
        """Count bytes that came; raises when the scan's time is over or nobody waits any longer."""
        with self._lock:
            self._came += count
        if self._over.is_set():
            raise LimitExceeded("the scan is over")
        self._budget.check_time()

    def one(self, job: Callable[[], T], words: str) -> T:
        """What one piece of work gives; raises what it raises."""
        self._progress("container.pull", words, pct=_PCT_FROM)
        return self._wait({"": job}, words, 0)[""].result()

    def all(self, jobs: dict[str, Callable[[], T]], words: str, total: int) -> dict[str, Future[T]]:
        """Several at once; ``total`` is how many bytes they are to bring."""
        self._came = 0
        self._progress("container.pull", words, pct=_PCT_FROM, total=total)
        done = self._wait(jobs, words, total)
        self._progress("container.pull.done", f"{amount(self._came)} of {words}", pct=_PCT_TO)
        return done

    def _wait(self, jobs: dict[str, Callable[[], T]], words: str, total: int) -> dict[str, Future[T]]:
        futures = {key: self._pool.submit(job) for key, job in jobs.items()}
        while wait(futures.values(), timeout=_BEAT_SECONDS).not_done:
            self._budget.check_time()
            pct = _PCT_FROM + (_PCT_TO - _PCT_FROM) * self._came // total if total else _PCT_FROM
            came = f"{amount(self._came)} of {words}" if total else words
            self._progress("container.pull", came, pct=min(pct, _PCT_TO), bytes=self._came)
        return futures


def amount(count: int) -> str:
    """A size for people."""
    return f"{count / _MB:,.1f} MB" if count >= _MB // 10 else f"{count / 1000:,.1f} kB"
