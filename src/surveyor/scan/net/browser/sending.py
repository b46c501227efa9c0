"""Puts a scan's own headers into what a page asks of the origin that they are for, and into nothing else.

DevTools Protocol domain Fetch. Only requests of that origin, and documents of frames, are held up, each until it is
said how it goes on. Who is given the headers is decided hop by hop: never after another origin had a part in the
chain of redirects, and never for what a frame or worker of another origin asks. What is not understood goes on without.

A change of headers is for one hop (``Fetch.continueRequest``): what follows a redirect is asked for anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from surveyor.scan.formats.loose import part, text
from surveyor.scan.net.extra import Extra, origin_of

_KNOWN = 20_000
_LONGEST = 64 << 10
_WORKERS = frozenset({"worker", "shared_worker", "service_worker"})
#: Older ones may carry a header on to the next hop of a redirect, or not tell one; and from the other version on a
#: browser sends the cookies that it is told to, and not its own in their place.
_SINCE, _COOKIES_SINCE = 120, 145

#: Asks a session of the browser something, without waiting.
Tell = Callable[[str, Mapping[str, Any], str], None]


class Sending:
    """The headers of one load. ``tell`` reaches the browser; events are heard in the reading thread."""

    def __init__(self, extra: Extra, tell: Tell) -> None:
        self._extra, self._tell = extra, tell
        scheme, host, port = origin_of(extra.url)
        place = f"[{host}]" if ":" in host else host
        default = {"http": 80, "https": 443}.get(scheme)
        origin = f"{scheme}://{place}{'' if port == default else f':{port}'}"
        self.patterns = {"patterns": [{"urlPattern": f"{origin}/*"}, {"urlPattern": "*", "resourceType": "Document"}]}
        self._given: set[str] = set()
        self._own: dict[str, bool] = {}
        self._parents: dict[str, str] = {}
        self._workers: dict[str, bool] = {}

    def hear(self, session: str, method: str, params: Mapping[str, Any]) -> None:
        """One event of the protocol."""
        if method == "Fetch.requestPaused":
            self._decide(session, params)
        elif method == "Page.frameAttached" and len(self._parents) < _KNOWN:
            self._parents[text(params.get("frameId"), 100)] = text(params.get("parentFrameId"), 100)
        elif method == "Target.attachedToTarget":
            self._meet(params)

    def _meet(self, params: Mapping[str, Any]) -> None:
        """A worker is of the origin of its script, which may be one that its page made up (``blob:``)."""
        about = part(params, "targetInfo")
        if about.get("type") in _WORKERS and len(self._workers) < _KNOWN:
            url = text(about.get("url"), _LONGEST).removeprefix("blob:")
            self._workers[text(params.get("sessionId"), 100)] = self._extra.meant(url)

    def _decide(self, session: str, params: Mapping[str, Any]) -> None:
        request, held = part(params, "request"), text(params.get("requestId"), 200)
        asked: dict[str, Any] = {"requestId": held}
        if self._is_due(session, params, text(request.get("url"), _LONGEST)):
            if len(self._given) < _KNOWN:
                self._given.add(held)
            asked["headers"] = [{"name": name, "value": value} for name, value in self._with(request).items()]
        self._tell("Fetch.continueRequest", asked, session)

    def _is_due(self, session: str, params: Mapping[str, Any], url: str) -> bool:
        before = text(params.get("redirectedRequestId"), 200)
        due = self._extra.meant(url) and (not before or before in self._given)
        kind, frame = text(params.get("resourceType"), 30), text(params.get("frameId"), 100)
        if kind == "Document":
            if len(self._own) < _KNOWN or frame in self._own:
                self._own[frame] = due
            return due
        if kind == "Preflight":
            return False
        return due and (self._workers[session] if session in self._workers else self._is_own(frame))

    def _is_own(self, frame: str) -> bool:
        """Whether a frame shows a document that was asked for so; one without an address is its parent's."""
        for _ in range(10):
            if frame in self._own:
                return self._own[frame]
            frame = self._parents.get(frame, "")
        return False

    def _with(self, request: Mapping[str, Any]) -> dict[str, str]:
        """A request's headers with ours; of cookies those that the site has set meanwhile are the newer ones."""
        headers = {name: value for name, value in part(request, "headers").items() if isinstance(value, str)}
        kept = next((value for name, value in headers.items() if name.lower() == "cookie"), "")
        found = self._extra.over(headers)
        if kept:
            ours = next((value for name, value in self._extra.headers if name.lower() == "cookie"), "")
            newer = {one.partition("=")[0].strip() for one in kept.split(";")}
            older = [one.strip() for one in ours.split(";") if one.partition("=")[0].strip() not in newer]
            found = {name: value for name, value in found.items() if name.lower() != "cookie"}
            found["Cookie"] = "; ".join([*older, kept])
        return found


def unfit(extra: Extra, product: str) -> str | None:
    """Why a browser (``Chrome/156.0…``) cannot be given the headers, if it cannot."""
    told = product.partition("/")[2].partition(".")[0]
    version = int(told) if told.isdecimal() else 0
    if version < _SINCE:
        return f"{product} is not given the scan's headers: Chromium is trusted with them from {_SINCE} on"
    if any(name.lower() == "cookie" for name, _ in extra.headers) and version < _COOKIES_SINCE:
        return f"{product} takes no cookie for a page, which Chromium does from {_COOKIES_SINCE} on"
    return None
