"""One page in a browser: what it asks for, what it says, its frames, and scripts of ours in a world of their own.

DevTools Protocol domains Page, Network, Runtime, Log and Target. Everything that the page's targets ask for is
announced to the proxy the moment the protocol tells of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from typing import Protocol as Shape

from surveyor.scan.errors import Malformed
from surveyor.scan.net.browser.sending import Sending
from surveyor.scan.net.extra import Extra

_REQUESTS, _NOTES, _TEXT, _URL = 2_000, 200, 500, 2_000
#: A page is quiet when nothing came or went for so long.
_QUIET, _STEP = 0.5, 0.05
_WORLD = "surveyor"
_ATTACH = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}


class Browser(Shape):
    """What a tab needs of a browser's protocol."""

    def call(
        self, method: str, params: Mapping[str, Any] | None = None, *, session: str = "", seconds: float
    ) -> dict[str, Any]:
        """Ask and wait."""

    def tell(self, method: str, params: Mapping[str, Any] | None = None, *, session: str = "") -> None:
        """Ask and go on."""


@dataclass(slots=True)
class Asked:
    """One request of the page, or for it (``main``); ``size`` is bytes on the wire.

    ``failure`` is the browser's word for why there is no answer.
    """

    url: str
    kind: str
    status: int | None = None
    size: int = 0
    failure: str | None = None
    main: bool = False


@dataclass(slots=True)
class Heard:
    """What the page's events told: requests by id, notes of its console, whether its load event came."""

    requests: dict[str, Asked] = field(default_factory=dict)
    more: int = 0
    notes: list[tuple[str, str]] = field(default_factory=list)
    loaded: threading.Event = field(default_factory=threading.Event)
    crashed: bool = False
    pending: set[str] = field(default_factory=set)
    last: float = 0.0


class Tab:
    """A page. ``announce`` takes each URL that it asks for; ``clock`` is in seconds.

    ``also`` hears every event of the page and of what is in it, after the tab itself and in the reading thread.
    ``extra`` headers go with what it asks of their origin.
    """

    def __init__(
        self,
        announce: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        *,
        extra: Extra | None = None,
    ) -> None:
        self._announce = announce
        self._clock = clock
        self._sending = None if extra is None else Sending(extra, self._tell)
        self._session = self._frame = ""
        self._sessions: set[str] = set()
        self.also: Callable[[str, dict[str, Any]], None] | None = None
        self._browser: Browser | None = None
        self.heard = Heard()
        self._handlers: dict[str, Callable[[str, dict[str, Any]], None]] = {
            "Network.requestWillBeSent": self._requested,
            "Network.webSocketCreated": self._opened,
            "Network.responseReceived": self._answered,
            "Network.loadingFinished": self._finished,
            "Network.loadingFailed": self._finished,
            "Runtime.consoleAPICalled": self._said,
            "Runtime.exceptionThrown": self._threw,
            "Log.entryAdded": self._logged,
            "Target.attachedToTarget": self._attached,
            "Page.javascriptDialogOpening": self._asked_back,
            "Page.loadEventFired": self._loaded,
            "Inspector.targetCrashed": self._crashed,
        }

    def attach(self, browser: Browser, page: str, *, seconds: float) -> None:
        """Take a page of the browser, by its target's id, and listen to it, its frames and its workers."""
        self._browser = browser
        attached = browser.call("Target.attachToTarget", {"targetId": page, "flatten": True}, seconds=seconds)
        self._session, self._frame = str(attached.get("sessionId", "")), page
        self._sessions.add(self._session)
        for method, params in (
            ("Network.enable", None),
            ("Network.setBypassServiceWorker", {"bypass": True}),
            ("Security.setIgnoreCertificateErrors", {"ignore": True}),
            ("Log.enable", None),
            ("Runtime.enable", None),
            ("Page.enable", None),
            ("Target.setAutoAttach", _ATTACH),
        ):
            self.ask(method, params, seconds=seconds)
        if self._sending is not None:
            self.ask("Fetch.enable", self._sending.patterns, seconds=seconds)

    def _tell(self, method: str, params: Mapping[str, Any], session: str) -> None:
        assert self._browser is not None
        self._browser.tell(method, params, session=session)

    def ask(self, method: str, params: Mapping[str, Any] | None = None, *, seconds: float) -> dict[str, Any]:
        """Ask something of the page's session."""
        assert self._browser is not None
        return self._browser.call(method, params, session=self._session, seconds=seconds)

    def go(self, url: str, *, seconds: float) -> str | None:
        """Navigate; the browser's word for why it cannot, when it cannot."""
        self._announce(url)
        self.heard.loaded.clear()  # the empty page that came first had one too
        told = self.ask("Page.navigate", {"url": url}, seconds=seconds).get("errorText")
        return str(told) if told else None

    def name(self, agent: str, *, seconds: float) -> None:
        """Call itself so from now on."""
        self.ask("Network.setUserAgentOverride", {"userAgent": agent}, seconds=seconds)

    @property
    def frame(self) -> str:
        """The id of the page's main frame."""
        return self._frame

    @property
    def document(self) -> Asked | None:
        """The last request for the page itself, after all redirects."""
        return next((one for one in reversed(list(self.heard.requests.values())) if one.main), None)

    def settle(self, *, seconds: float) -> bool:
        """Wait for the load event and then for quiet; whether both came."""
        end = self._clock() + seconds
        if not self.heard.loaded.wait(seconds):
            return False
        while (now := self._clock()) < end:
            if not self.heard.pending and now - self.heard.last > _QUIET:
                return True
            time.sleep(_STEP)
        return False

    def frames(self, *, seconds: float) -> dict[str, Any]:
        """The tree of frames, as ``Page.getFrameTree`` gives it."""
        tree = self.ask("Page.getFrameTree", seconds=seconds).get("frameTree")
        return tree if isinstance(tree, dict) else {}

    def world(self, frame: str, *, seconds: float) -> int:
        """A world of ours in a frame: its document, and none of its scripts' values; the page's policy is not ours."""
        asked = {"frameId": frame, "worldName": _WORLD}
        return int(self.ask("Page.createIsolatedWorld", asked, seconds=seconds)["executionContextId"])

    def run(self, world: int | None, expression: str, *, seconds: float, by_value: bool = True) -> dict[str, Any]:
        """Evaluate in a world, promises awaited; the remote object. Raises ``Malformed`` for what throws.

        Without a world in the page's own, which is for pages of ours.
        """
        asked = {
            "expression": expression,
            **({} if world is None else {"contextId": world}),
            "returnByValue": by_value,
            "awaitPromise": True,
            "timeout": max(1.0, seconds * 1000),
        }
        told = self.ask("Runtime.evaluate", asked, seconds=seconds)
        if told.get("exceptionDetails"):
            details = told["exceptionDetails"]
            said = (details.get("exception") or {}).get("description") or details.get("text")
            raise Malformed(f"a script of ours failed in the page: {str(said)[:_TEXT]}")
        result = told.get("result")
        return result if isinstance(result, dict) else {}

    def hear(self, session: str, method: str, params: dict[str, Any]) -> None:
        """One event of the browser; runs in the reading thread, so nothing is waited for. Others' are not heard."""
        if session not in self._sessions:
            return
        try:
            if self._sending is not None:
                self._sending.hear(session, method, params)
            if handler := self._handlers.get(method):
                handler(session, params)
            if self.also is not None:
                self.also(method, params)
        except (AttributeError, KeyError, TypeError):
            return  # a message of another shape; the thread that reads must go on

    def _requested(self, _: str, params: dict[str, Any]) -> None:
        url = str((params.get("request") or {}).get("url", ""))
        self._announce(url)
        heard, number = self.heard, str(params.get("requestId"))
        if url.startswith(("data:", "blob:")):
            return
        if len(heard.requests) >= _REQUESTS:
            heard.more += 1
            return
        if redirected := params.get("redirectResponse"):
            # a redirect keeps its id; each hop is told of
            before = heard.requests.pop(number, None)
            if before is not None:
                before.status = _status(redirected)
                heard.requests[f"{number}@{len(heard.requests)}"] = before
        kind = str(params.get("type", "Other"))[:20]
        main = kind == "Document" and params.get("frameId") == self._frame
        heard.requests[number] = Asked(url=url[:_URL], kind=kind, main=main)
        heard.pending.add(number)
        heard.last = self._clock()

    def _opened(self, _: str, params: dict[str, Any]) -> None:
        url = str(params.get("url", ""))
        self._announce(url)
        if len(self.heard.requests) < _REQUESTS:
            self.heard.requests[str(params.get("requestId"))] = Asked(url=url[:_URL], kind="WebSocket")

    def _answered(self, _: str, params: dict[str, Any]) -> None:
        if asked := self.heard.requests.get(str(params.get("requestId"))):
            asked.status = _status(params.get("response") or {})
            # an answer without end is no reason to wait
            if asked.kind == "EventSource":
                self.heard.pending.discard(str(params.get("requestId")))

    def _finished(self, _: str, params: dict[str, Any]) -> None:
        number = str(params.get("requestId"))
        if asked := self.heard.requests.get(number):
            size = params.get("encodedDataLength", 0)
            asked.size = int(size) if isinstance(size, int | float) and size > 0 else 0
            asked.failure = str(params["errorText"])[:100] if "errorText" in params else None
            if asked.main and asked.failure:
                self.heard.loaded.set()  # nothing more will come
        self.heard.pending.discard(number)
        self.heard.last = self._clock()

    def _said(self, _: str, params: dict[str, Any]) -> None:
        if params.get("type") in {"error", "assert"}:
            values = (argument.get("value", argument.get("description", "")) for argument in params.get("args", ()))
            self._note("console", " ".join(map(str, values)))

    def _threw(self, _: str, params: dict[str, Any]) -> None:
        details = params.get("exceptionDetails") or {}
        thrown = (details.get("exception") or {}).get("description")
        self._note("exception", str(thrown or details.get("text", "")))

    def _logged(self, _: str, params: dict[str, Any]) -> None:
        entry = params.get("entry") or {}
        if entry.get("level") == "error":
            self._note(str(entry.get("source", "other"))[:20], f"{entry.get('text', '')} {entry.get('url', '')}")

    def _note(self, kind: str, text: str) -> None:
        if len(self.heard.notes) < _NOTES:
            self.heard.notes.append((kind, text.strip()[:_TEXT]))

    def _attached(self, _: str, params: dict[str, Any]) -> None:
        """A frame or a worker of the page begins: listen to it too, then let it go on."""
        child = str(params.get("sessionId", ""))
        self._sessions.add(child)
        self._tell("Network.enable", {}, child)
        if self._sending is not None:
            self._tell("Fetch.enable", self._sending.patterns, child)
        self._tell("Target.setAutoAttach", _ATTACH, child)
        self._tell("Runtime.runIfWaitingForDebugger", {}, child)

    def _asked_back(self, session: str, _: dict[str, Any]) -> None:
        assert self._browser is not None
        self._browser.tell("Page.handleJavaScriptDialog", {"accept": False}, session=session)

    def _loaded(self, session: str, _: dict[str, Any]) -> None:
        if session == self._session:
            self.heard.last = self._clock()
            self.heard.loaded.set()

    def _crashed(self, *_: object) -> None:
        self.heard.crashed = True
        self.heard.loaded.set()


def _status(response: Mapping[str, Any]) -> int | None:
    status = response.get("status")
    return status if isinstance(status, int) else None
