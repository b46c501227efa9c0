"""Work on the network while a scan goes on telling how far it is."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
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

    Nothing waits for these threads at the end: a scan that is over does not stay for a registry's answer. ``late`` when
    the image is being read already, so that how far the scan is has been told by others.
    """

    def __init__(self, progress: Progress, budget: Budget, *, late: bool = False) -> None:
        self._progress = progress
        self._budget = budget
        self._late = late
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
        self._progress("container.pull", words, pct=self._pct(0, 0))
        return self._wait({"": job}, words, 0)[""].result()

    def all(
        self, jobs: Mapping[str, Callable[[], T]], words: str, total: int, *, known: int = 0
    ) -> dict[str, Future[T]]:
        """Several layers at once; ``total`` is how many bytes they are to bring, ``known`` how many others need not."""
        self._came = 0
        self._progress("container.pull", words, pct=self._pct(0, 0), total=total, layers=len(jobs), known=known)
        done = self._wait(jobs, words, total)
        told = f"{amount(self._came)} of {words}" if jobs else words
        self._progress(
            "container.pull.done", told, pct=self._pct(1, 1), bytes=self._came, layers=len(jobs), known=known
        )
        return done

    def _wait(self, jobs: Mapping[str, Callable[[], T]], words: str, total: int) -> dict[str, Future[T]]:
        futures: dict[str, Future[T]] = {key: Future() for key in jobs}
        todo = deque((futures[key], job) for key, job in jobs.items())
        for _ in range(min(_TOGETHER, len(jobs))):
            threading.Thread(target=self._work, args=(todo,), name="pull", daemon=True).start()
        while wait(futures.values(), timeout=_BEAT_SECONDS).not_done:
            self._budget.check_time()
            came = f"{amount(self._came)} of {words}" if total else words
            self._progress("container.pull", came, pct=self._pct(self._came, total), bytes=self._came)
        return futures

    def _pct(self, came: int, total: int) -> int | None:
        if self._late:
            return None
        return min(_PCT_TO, _PCT_FROM + (_PCT_TO - _PCT_FROM) * came // total) if total else _PCT_FROM

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
