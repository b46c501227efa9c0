"""What a browser traces while a page loads: events of the few names that somebody reads, as many as are kept at most.

DevTools Protocol domain Tracing; events by the Trace Event Format. The browser's own buffer ends when it is full, so a
flood costs its end and not its beginning.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from surveyor.scan.formats.loose import number
from surveyor.scan.net.browser.tab import Tab

_CATEGORIES = (
    "loading",
    "blink.user_timing",
    "devtools.timeline",
    "disabled-by-default-devtools.timeline",
    "disabled-by-default-devtools.screenshot",
    "v8.execute",
)
_BUFFER_KB = 200_000
_EVENTS, _FRAMES, _FRAME_BYTES = 300_000, 300, 24 << 20
#: Shorter work of the main thread is counted as its surroundings' (µs).
_LEAST = 1_000.0

#: Marks, of which there are few, and work, which has a duration.
MARKS = frozenset(
    {
        "navigationStart",
        "firstContentfulPaint",
        "largestContentfulPaint::Candidate",
        "largestContentfulPaint::Invalidate",
        "domContentLoadedEventEnd",
        "loadEventEnd",
        "LayoutShift",
        "ResourceSendRequest",
    }
)
SCREENSHOT = "Screenshot"
TASK = "RunTask"
#: Names of work by what it is.
WORK = {
    "EvaluateScript": "script",
    "FunctionCall": "script",
    "v8.compile": "script",
    "v8.compileModule": "script",
    "v8.evaluateModule": "script",
    "RunMicrotasks": "script",
    "TimerFire": "script",
    "EventDispatch": "script",
    "FireAnimationFrame": "script",
    "FireIdleCallback": "script",
    "XHRReadyStateChange": "script",
    "XHRLoad": "script",
    "ParseHTML": "parse",
    "ParseAuthorStyleSheet": "style",
    "UpdateLayoutTree": "style",
    "Layout": "layout",
    "PrePaint": "paint",
    "Paint": "paint",
    "Layerize": "paint",
    "Commit": "paint",
    "UpdateLayer": "paint",
    "MinorGC": "gc",
    "MajorGC": "gc",
}

Entry = Mapping[str, Any]


class Recording:
    """Events of one trace; ``cut`` says that there were more than are kept, or that the browser lost some."""

    def __init__(self) -> None:
        self.events: list[Entry] = []
        self.cut = False
        self._frames: list[tuple[float, str]] = []
        self._last: tuple[float, str] | None = None
        self._count, self._stride, self._bytes = 0, 1, 0
        self._over = threading.Event()

    @property
    def frames(self) -> list[tuple[float, str]]:
        """Moments (µs of the browser's clock) and JPEG pictures in base64, evenly thinned, the last one always."""
        last = self._last
        return self._frames if last is None or last in self._frames[-1:] else [*self._frames, last]

    def start(self, tab: Tab, *, seconds: float) -> None:
        """Trace from now on."""
        config = {
            "recordMode": "recordUntilFull",
            "traceBufferSizeInKb": _BUFFER_KB,
            "includedCategories": _CATEGORIES,
            "excludedCategories": ["*"],
        }
        asked = {"transferMode": "ReportEvents", "traceConfig": config}
        tab.ask("Tracing.start", asked, seconds=seconds)

    def stop(self, tab: Tab, *, seconds: float) -> bool:
        """End the trace and wait for all of it; whether it came."""
        tab.ask("Tracing.end", seconds=seconds)
        return self._over.wait(seconds)

    def hear(self, method: str, params: Mapping[str, Any]) -> None:
        """One event of the protocol; in the reading thread."""
        if method == "Tracing.dataCollected":
            events = params.get("value")
            for event in events if isinstance(events, list) else ():
                if isinstance(event, dict):
                    self._keep(event)
        elif method == "Tracing.tracingComplete":
            self.cut |= params.get("dataLossOccurred") is True
            self._over.set()

    def _keep(self, event: Entry) -> None:
        name = event.get("name")
        if not isinstance(name, str):
            return
        if name == SCREENSHOT:
            self._keep_frame(event)
        elif name in MARKS or ((name in WORK or name == TASK) and (number(event.get("dur")) or 0) >= _LEAST):
            if len(self.events) < _EVENTS:
                self.events.append(event)
            else:
                self.cut = True

    def _keep_frame(self, event: Entry) -> None:
        at, args = number(event.get("ts")), event.get("args")
        picture = args.get("snapshot") if isinstance(args, dict) else None
        if at is None or not isinstance(picture, str):
            return
        self._count += 1
        self._last = (at, picture)
        if self._count % self._stride:
            return
        self._frames.append((at, picture))
        self._bytes += len(picture)
        if len(self._frames) > _FRAMES or self._bytes > _FRAME_BYTES:
            self._frames = self._frames[::2]
            self._stride *= 2
            self._bytes = sum(len(kept) for _, kept in self._frames)
