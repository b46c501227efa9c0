"""Work on the network while a scan goes on telling how far it is."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
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
    """Work on the network in threads of its own, while this one tells how far it is at least every second.

    Nothing waits for these threads at the end: a scan that is over does not stay for a registry's answer.
    """

    def __init__(self, progress: Progress, budget: Budget) -> None:
        self._progress = progress
        self._budget = budget
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._came = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # a thread that still waits for a server ends with its next piece, or with the process
        self._over.set()

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
        futures: dict[str, Future[T]] = {key: Future() for key in jobs}
        todo = deque((futures[key], job) for key, job in jobs.items())
        for _ in range(min(_TOGETHER, len(jobs))):
            threading.Thread(target=self._work, args=(todo,), name="pull", daemon=True).start()
        while wait(futures.values(), timeout=_BEAT_SECONDS).not_done:
            self._budget.check_time()
            pct = _PCT_FROM + (_PCT_TO - _PCT_FROM) * self._came // total if total else _PCT_FROM
            came = f"{amount(self._came)} of {words}" if total else words
            self._progress("container.pull", came, pct=min(pct, _PCT_TO), bytes=self._came)
        return futures

    def _work(self, todo: deque[tuple[Future[T], Callable[[], T]]]) -> None:
        while not self._over.is_set():
            try:
                future, job = todo.popleft()
            except IndexError:
                return
            try:
                future.set_result(job())
            except BaseException as error:  # noqa: BLE001 - carried over to whoever waits, not swallowed
                future.set_exception(error)


def amount(count: int) -> str:
    """A size for people."""
    return f"{count / _MB:,.1f} MB" if count >= _MB // 10 else f"{count / 1000:,.1f} kB"
