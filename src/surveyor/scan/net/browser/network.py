"""Every request of a page with its moments and sizes, as the browser tells of them.

DevTools Protocol domain Network. Moments are seconds of the browser's monotonic clock, which is a trace's too. A hop of
a redirect is a request of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from surveyor.scan.formats.loose import URL, number, part, text, truth, whole

_REQUESTS, _HEADERS = 2_000, 100
#: Answers that never end are no reason to wait.
_ENDLESS = frozenset({"EventSource", "WebSocket"})


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request and its answer. ``started``, ``answered`` (the head is there) and ``ended`` are moments.

    ``transfer`` is bytes on the wire, ``size`` decoded; ``parsed`` says that a document's own markup asks for it.
    """

    id: str
    url: str
    kind: str
    method: str
    started: float
    frame: str = ""
    answered: float | None = None
    ended: float | None = None
    status: int | None = None
    protocol: str = ""
    mime: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    transfer: int = 0
    size: int = 0
    priority: str = ""
    initiator: str | None = None
    parsed: bool = False
    cached: bool = False
    failure: str | None = None


class Network:
    """Requests in the order made; ``more`` counts those that are not kept.

    ``pending`` are ids of those on their way that a page waits for, ``last`` is when something last came or went, on
    ``clock`` (seconds).
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.exchanges: list[Exchange] = []
        self.more = 0
        self.pending: set[str] = set()
        self.last = 0.0
        self._clock = clock
        self._open: dict[str, Exchange] = {}
        self._handlers = {
            "Network.requestWillBeSent": self._sent,
            "Network.responseReceived": self._answered,
            "Network.requestServedFromCache": self._cached,
            "Network.dataReceived": self._data,
            "Network.loadingFinished": self._finished,
            "Network.loadingFailed": self._failed,
        }

    def hear(self, method: str, params: Mapping[str, Any]) -> None:
        """One event of the protocol; in the reading thread."""
        if handler := self._handlers.get(method):
            handler(params)

    def _sent(self, params: Mapping[str, Any]) -> None:
        request, number_ = part(params, "request"), text(params.get("requestId"), 100)
        at, url = number(params.get("timestamp")), text(request.get("url"), URL)
        if at is None or url.startswith(("data:", "blob:")):
            return
        if (before := self._open.pop(number_, None)) is not None:
            self._answer(before, part(params, "redirectResponse"), at)
            before.ended = at
        if len(self.exchanges) >= _REQUESTS:
            self.more += 1
            return
        initiator = part(params, "initiator")
        made = Exchange(
            id=number_,
            url=url,
            kind=text(params.get("type"), 20) or "Other",
            method=text(request.get("method"), 20),
            started=at,
            frame=text(params.get("frameId"), 100),
            priority=text(request.get("initialPriority"), 20),
            initiator=_asking(initiator),
            parsed=initiator.get("type") == "parser",
        )
        self.exchanges.append(made)
        self._open[number_] = made
        if not endless(made) and not (made.kind == "Other" and initiator.get("type") == "other"):
            # the last of them is the browser's own, for a site's icon
            self.pending.add(number_)
            self.last = self._clock()

    def _answered(self, params: Mapping[str, Any]) -> None:
        found = self._found(params)
        if found is not None:
            found.kind = text(params.get("type"), 20) or found.kind
            self._answer(found, part(params, "response"), number(params.get("timestamp")))

    def _answer(self, found: Exchange, response: Mapping[str, Any], at: float | None) -> None:
        found.answered = at
        found.status = whole(response.get("status"))
        found.protocol = text(response.get("protocol"), 20)
        found.mime = text(response.get("mimeType"), 100).lower()
        found.transfer = whole(response.get("encodedDataLength")) or 0
        found.cached |= truth(response.get("fromDiskCache")) is True
        headers = part(response, "headers")
        found.headers = {text(name, 100).lower(): text(value) for name, value in list(headers.items())[:_HEADERS]}

    def _cached(self, params: Mapping[str, Any]) -> None:
        if (found := self._found(params)) is not None:
            found.cached = True

    def _data(self, params: Mapping[str, Any]) -> None:
        if (found := self._found(params)) is not None:
            found.size += whole(params.get("dataLength")) or 0

    def _finished(self, params: Mapping[str, Any]) -> None:
        self._over(params)
        if (found := self._found(params)) is not None:
            found.ended = number(params.get("timestamp"))
            found.transfer = whole(params.get("encodedDataLength")) or found.transfer

    def _failed(self, params: Mapping[str, Any]) -> None:
        self._over(params)
        if (found := self._found(params)) is not None:
            found.ended = number(params.get("timestamp"))
            found.failure = text(params.get("errorText"), 100) or "failed"

    def _over(self, params: Mapping[str, Any]) -> None:
        known = text(params.get("requestId"), 100)
        if known in self.pending:
            self.pending.discard(known)
            self.last = self._clock()

    def _found(self, params: Mapping[str, Any]) -> Exchange | None:
        return self._open.get(text(params.get("requestId"), 100))


def endless(exchange: Exchange) -> bool:
    """Whether its answer is not one that ends."""
    return exchange.kind in _ENDLESS


def _asking(initiator: Mapping[str, Any]) -> str | None:
    """The URL of what asked: the document or stylesheet, or the topmost script of a stack."""
    if found := text(initiator.get("url"), URL):
        return found
    frames = part(initiator, "stack").get("callFrames")
    for frame in frames[:20] if isinstance(frames, list) else ():
        if found := text(part({"frame": frame}, "frame").get("url"), URL):
            return found
    return None
