"""What answers at the addresses that a page names, a bounded number of them; and at one that cannot exist.

Pages of the same host are read to their first 64 KB, others asked by HEAD, and by GET where that is not understood.
No more than two requests at once go to one host, four in all; what the site's robots.txt forbids to ``surveyor``, and
what the guard would refuse, is not asked for. Links go last, own and foreign ones by turns.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

from surveyor.scan.address import host_of
from surveyor.scan.errors import NotConfigured, Refused, ScanError
from surveyor.scan.evidence import SAMPLED, SAYS_NOTHING, Links, Page
from surveyor.scan.formats import robots
from surveyor.scan.formats.robots import Robots
from surveyor.scan.gather import asking
from surveyor.scan.gather.interface import Errand, Gatherer

T = TypeVar("T")
AGENT = "surveyor"
_BYTES = 64 << 10
_SECONDS, _ALL_SECONDS = 6.0, 15.0
_WORKERS, _EACH = 4, 2
#: After so many requests without an answer a host is left alone.
_PATIENCE = 2
_FORBIDDEN, _LATE = "robots.txt forbids it", "there was no time left"
_READ = frozenset({"canonical", "alternate"})


def gather(errand: Errand) -> Links:
    """Ask for each until all are asked, or the time for it is over; not again for what is known."""
    if errand.hears:
        return Links(references=errand.references, answers=dict(errand.known))
    limit = errand.settings.links * errand.times
    if not limit:
        raise NotConfigured("asking for what a page names is turned off (SURVEYOR_LINKS)")
    url = errand.page().url
    kinds = {reference.url: reference.kind for reference in errand.references}
    ordered = [one for one in _by_turns(kinds, host_of(url)) if one not in errand.known]
    work = _Work(errand, kinds, _robots(errand), host_of(url), answers=dict(errand.known))
    for one in ordered[limit:]:
        work.untried[one] = f"only the first {limit} are asked for"
    stray = work.stray(asking.place(url, f"/{int(errand.jitter() * 2**52):013x}"))
    work.run(ordered[:limit])
    return Links(
        references=errand.references,
        answers=work.answers,
        stray=stray,
        silent=work.silent,
        untried=work.untried,
        missed=_missed(work, kinds),
    )


def _by_turns(kinds: dict[str, str], host: str) -> Iterable[str]:
    """What is not sampled first, as the page names it; then links, one of the own host and one of another."""
    rest = deque[str](), deque[str]()
    for url, kind in sorted(kinds.items(), key=lambda one: one[1] in SAMPLED):
        if kind not in SAMPLED:
            yield url
        else:
            rest[host_of(url) != host].append(url)
    while any(rest):
        for queue in rest:
            if queue:
                yield queue.popleft()


def _robots(errand: Errand) -> Robots:
    """The site's rules; one without, or whose file cannot be had, has none."""
    try:
        return robots.read(errand.wellknown().files.get(robots.PATH))
    except ScanError:
        return Robots()


def _missed(work: _Work, kinds: dict[str, str]) -> dict[str, str]:
    """By kind why something is not known of all of it: of hosts of links that do not answer just that is known."""
    missed = dict(work.lost)
    unread = {url: why for url, page in work.answers.items() if (why := _unread(page, kinds[url]))}
    silent = {url: why for url, why in work.silent.items() if kinds[url] not in SAMPLED}
    for url, why in {**work.untried, **silent, **unread}.items():
        missed.setdefault(kinds[url], f"{url[:200]}: {why}")
    return missed


def _unread(page: Page, kind: str) -> str | None:
    """Why an answer does not tell what is at an address that was to be looked at."""
    if kind in SAMPLED:
        return None
    if page.status in SAYS_NOTHING:
        return f"the server answered {page.status}"
    # what relates pages to each other stands in their heads
    long = kind in _READ and page.is_html and page.cut and b"</head" not in page.body.lower()
    return "only a part of its head was read" if long else None


@dataclass(slots=True)
class _Work:
    """The addresses that are left, and what came of the others."""

    errand: Errand
    kinds: dict[str, str]
    robots: Robots
    host: str
    answers: dict[str, Page] = field(default_factory=dict)
    silent: dict[str, str] = field(default_factory=dict)
    untried: dict[str, str] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    _queue: deque[str] = field(default_factory=deque)
    _busy: dict[str, int] = field(default_factory=dict)
    _failed: dict[str, int] = field(default_factory=dict)
    _lock: threading.Condition = field(default_factory=threading.Condition)
    _over: bool = False

    def stray(self, url: str) -> Page | None:
        """The answer to what cannot exist."""
        if not self.robots.allows(AGENT, _path(url)):
            self.lost["stray"] = _FORBIDDEN
            return None
        try:
            return asking.ask(self.errand, url, max_bytes=_BYTES, seconds=_SECONDS)
        except ScanError as error:
            self.lost["stray"] = str(error)
            return None

    def run(self, urls: Iterable[str]) -> None:
        """Ask for all; returns when that is done or time is over."""
        self._queue.extend(urls)
        end = self.errand.clock() + min(_ALL_SECONDS, max(self.errand.left - 1.0, 0.0))
        threads = [threading.Thread(target=self._worker, args=(end,), daemon=True) for _ in range(_WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, end - self.errand.clock()) + 0.2)
        with self._lock:
            self._over = True
            answered = {*self.answers, *self.silent, *self.untried}
            self.untried |= {url: _LATE for url in urls if url not in answered}

    def _worker(self, end: float) -> None:
        while (url := self._take(end)) is not None:
            self._one(url, end)

    def _take(self, end: float) -> str | None:
        """The next address, as soon as its host is not busy; nothing when there is none, or no time."""
        with self._lock:
            while self._queue and (left := end - self.errand.clock()) > 0:
                for _ in range(len(self._queue)):
                    url = self._queue.popleft()
                    host = host_of(url)
                    if self._failed.get(host, 0) >= _PATIENCE:
                        self.silent[url] = "the host did not answer before"
                    elif self._busy.get(host, 0) < _EACH:
                        self._busy[host] = self._busy.get(host, 0) + 1
                        return url
                    else:
                        self._queue.append(url)
                if self._queue:
                    self._lock.wait(left)
            return None

    def _one(self, url: str, end: float) -> None:
        host = host_of(url)
        try:
            if host == self.host and not self.robots.allows(AGENT, _path(url)):
                self._keep(self.untried, url, _FORBIDDEN)
            else:
                self._keep(self.answers, url, self._ask(url, end))
        except Refused as error:
            self._keep(self.untried, url, str(error))
        except ScanError as error:
            # who was cut short by us may have been about to answer
            late = self.errand.clock() >= end
            self._keep(self.untried if late else self.silent, url, _LATE if late else str(error))
            with self._lock:
                self._failed[host] = self._failed.get(host, 0) + (not late)
        finally:
            with self._lock:
                self._busy[host] -= 1
                self._lock.notify_all()

    def _keep(self, where: dict[str, T], url: str, what: T) -> None:
        with self._lock:
            if not self._over:
                where[url] = what

    def _ask(self, url: str, end: float) -> Page:
        def ask(method: str) -> Page:
            seconds = min(_SECONDS, end - self.errand.clock())
            return asking.ask(self.errand, url, method=method, max_bytes=_BYTES, seconds=seconds)

        if host_of(url) == self.host or self.kinds[url] in _READ:
            return ask("GET")
        answer = ask("HEAD")
        return ask("GET") if answer.status >= 400 else answer


def _path(url: str) -> str:
    split = urlsplit(url)
    return (split.path or "/") + (f"?{split.query}" if split.query else "")


GATHERER = Gatherer(id="links", version=1, gather=gather)
