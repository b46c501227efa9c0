"""The Chrome DevTools Protocol over two pipes: JSON messages that end with a NUL byte (``--remote-debugging-pipe``)."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from collections.abc import Callable, Mapping
from typing import IO, Any

import orjson

from surveyor.scan.errors import Broken, Malformed, Unreachable

#: What one message may have: a page's whole markup is one.
_MESSAGE = 64 << 20
_READ = 1 << 16
_TEXT = 300

Params = Mapping[str, Any]
#: Takes a session's id, an event's name and its parameters; called in the reading thread, so it must not ask.
Listener = Callable[[str, str, dict[str, Any]], None]


class Protocol:
    """Asks a browser and hears its events until either side closes."""

    def __init__(self, to: IO[bytes], answers: IO[bytes], listener: Listener) -> None:
        self._to, self._answers, self._listener = to, answers, listener
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: dict[int, _Waiting] = {}
        self._closed = False
        threading.Thread(target=self._read, name="browser-protocol", daemon=True).start()

    @property
    def closed(self) -> bool:
        """Whether either side has closed: nothing is answered any more."""
        return self._closed

    def call(self, method: str, params: Params | None = None, *, session: str = "", seconds: float) -> dict[str, Any]:
        """Ask and wait for the result; raises ``Unreachable`` when late, ``Broken`` when the browser is gone.

        ``Malformed`` is what the browser itself calls an error.
        """
        waiting = _Waiting()
        number = next(self._ids)
        with self._lock:
            self._waiting[number] = waiting
        try:
            self._send(number, method, params, session)
            if not waiting.done.wait(max(0.0, seconds)):
                raise Unreachable(f"the browser did not answer {method} in time")
        finally:
            with self._lock:
                self._waiting.pop(number, None)
        if waiting.answer is None:
            raise Broken("the browser ended before it was done")
        if error := waiting.answer.get("error"):
            raise Malformed(f"{method}: {str(error.get('message', ''))[:_TEXT]}")
        result = waiting.answer.get("result")
        return result if isinstance(result, dict) else {}

    def tell(self, method: str, params: Params | None = None, *, session: str = "") -> None:
        """Ask without waiting; what is answered is dropped."""
        with contextlib.suppress(Broken):
            self._send(next(self._ids), method, params, session)

    def _send(self, number: int, method: str, params: Params | None, session: str) -> None:
        message: dict[str, Any] = {"id": number, "method": method, "params": dict(params or {})}
        if session:
            message["sessionId"] = session
        try:
            with self._lock:
                if self._closed:
                    raise Broken("the browser ended before it was done")
                self._to.write(orjson.dumps(message) + b"\0")
                self._to.flush()
        except (OSError, ValueError):
            raise Broken("the browser ended before it was done") from None

    def _read(self) -> None:
        rest = bytearray()
        with contextlib.suppress(OSError, ValueError):
            while (data := self._answers.read1(_READ)) and len(rest) <= _MESSAGE:  # type: ignore[attr-defined]
                rest += data
                if b"\0" in data:
                    *whole, tail = bytes(rest).split(b"\0")
                    rest = bytearray(tail)
                    for message in whole:
                        self._hear(message)
        with self._lock:
            self._closed = True
            waiting = list(self._waiting.values())
        for one in waiting:
            one.done.set()

    def _hear(self, raw: bytes) -> None:
        try:
            message = decoded(raw)
        except (ValueError, RecursionError):  # who waits for it is late
            return
        number = message.get("id")
        if not isinstance(number, int):
            self._listener(message.get("sessionId", ""), message.get("method", ""), message.get("params") or {})
            return
        with self._lock:
            waiting = self._waiting.get(number)
        if waiting is not None:
            waiting.answer = message
            waiting.done.set()


def decoded(raw: bytes) -> dict[str, Any]:
    """One message; of halves of characters, which a page's text may have, each becomes a question mark."""
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        found = orjson.loads(json.dumps(json.loads(raw), ensure_ascii=False).encode("utf-8", "replace"))
    if not isinstance(found, dict):
        raise ValueError("not a message")  # noqa: TRY004 - malformed data, not a caller's mistake
    return found


class _Waiting:
    """Somebody who asked."""

    __slots__ = ("answer", "done")

    def __init__(self) -> None:
        self.done = threading.Event()
        self.answer: dict[str, Any] | None = None
