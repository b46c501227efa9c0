"""A reader of one scan's event stream that comes back by Last-Event-ID whenever it is cut off."""

from __future__ import annotations

import http.client
import json
import threading
import time
from dataclasses import dataclass, field


@dataclass
class Follower:
    """Follows in a thread of its own until the stream says that the scan is done; ``seqs`` are in order of arrival."""

    port: int
    key: str
    scan_id: str
    seqs: list[int] = field(default_factory=list)
    stages: list[str] = field(default_factory=list)
    connections: int = 0
    done: bool = False

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"follow {self.scan_id}", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether the stream ended by itself in time."""
        self._thread.join(seconds)
        self._stop.set()
        return self.done

    def _run(self) -> None:
        while not self.done and not self._stop.is_set():
            try:
                self._follow()
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)

    def _follow(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"authorization": f"Bearer {self.key}", "accept": "text/event-stream"}
        if self.seqs:
            headers["last-event-id"] = str(self.seqs[-1])
        try:
            connection.request("GET", f"/api/v1/audit/scans/{self.scan_id}/events", headers=headers)
            response = connection.getresponse()
            if response.status != http.HTTPStatus.OK:
                time.sleep(0.1)
                return
            self.connections += 1
            self._read(response)
        finally:
            connection.close()

    def _read(self, response: http.client.HTTPResponse) -> None:
        """Whole messages only: one that is cut off has not been received."""
        message: dict[str, str] = {}
        while line := response.readline():
            name, _, value = line.decode().rstrip("\n").partition(":")
            if line != b"\n":
                message[name] = value.strip()
                continue
            if message.get("event") == "done":
                self.done = True
                return
            if "id" in message:
                event = json.loads(message["data"])
                assert event["seq"] == int(message["id"])
                self.seqs.append(event["seq"])
                self.stages.append(event["stage"])
            message = {}
