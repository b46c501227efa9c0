"""Uploads over a real socket: streamed, bounded, refused before they are read."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import http.client
import os
import resource
import socket
import threading
from collections.abc import Callable, Iterator

import psutil
import pytest

from surveyor.service.app import edge
from surveyor.service.config import Config
from surveyor.service.errors import StorageFull
from tests.servers.service import Service, running

UPLOADS = "/api/v1/audit/uploads"
MIB = 1 << 20


async def test_an_upload_is_stored_and_queued(service: Service) -> None:
    content = os.urandom(3 * MIB)
    answer = service.client().post(f"{UPLOADS}?filename=dir%2Fshop-api.tar&trigger=post_deploy", body=content)
    assert answer.status == 202
    run = answer.json["data"]
    assert (run["kind"], run["status"], run["name"], run["trigger"]) == (
        "artifact",
        "queued",
        "shop-api.tar",
        "post_deploy",
    )
    assert _stored(service) == [hashlib.sha256(content).hexdigest()]


async def test_a_form_is_told_from_a_file(service: Service) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = service.client().post(f"{UPLOADS}?filename=a.jar", body=b"--x\r\n", headers=headers)
    assert (answer.status, answer.json["error"]["code"]) == (415, "unsupported_media_type")
    assert "--data-binary" in answer.json["error"]["message"]
    assert _stored(service) == []


async def test_the_same_bytes_are_kept_once(service: Service) -> None:
    runs = [service.client().post(f"{UPLOADS}?filename=a.jar", body=b"same").json["data"] for _ in range(2)]
    assert runs[0]["id"] != runs[1]["id"]
    assert runs[0]["artifact_id"] == runs[1]["artifact_id"]
    assert len(_stored(service)) == 1


async def test_a_chunked_upload_of_unknown_length_is_bounded_while_it_streams(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a client that has no turn for half a second would find its connection closed
    monkeypatch.setattr(edge, "_DRAIN_SECONDS", 20.0)
    async with running(config.model_copy(update={"upload_max_bytes": 2 * MIB})) as service:

        def chunks() -> Iterator[bytes]:
            for _ in range(3):
                yield b"x" * MIB

        answer = service.client().post(f"{UPLOADS}?filename=big", body=chunks())
        assert (answer.status, answer.json["error"]["code"]) == (413, "too_large")
        assert answer.json["error"]["details"] == {"limit_bytes": 2 * MIB}
        assert "2,097,152" in answer.json["error"]["message"]
        assert _stored(service) == []


async def test_an_announced_length_over_the_limit_is_refused_unread(config: Config) -> None:
    async with running(config.model_copy(update={"upload_max_bytes": 2 * MIB})) as service:
        head = _head(service, length=2 * MIB + 1, key=service.key)
        assert head.startswith(b"HTTP/1.1 413")
        assert b"connection: close" in head.lower()


async def test_who_has_no_key_is_refused_before_the_body_is_read(service: Service) -> None:
    head = _head(service, length=1 << 30, key="sv_live_" + "x" * 43)
    assert head.startswith(b"HTTP/1.1 401")
    assert b"connection: close" in head.lower()


async def test_a_client_that_waits_to_be_asked_is_told_no_instead(service: Service) -> None:
    head = _head(service, length=1 << 30, key="nope", extra="expect: 100-continue\r\n")
    assert head.startswith(b"HTTP/1.1 401")


async def test_a_lost_connection_leaves_nothing(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port)) as raw:
        # more than one part, so that something is there to be left
        raw.sendall(_request(service.key, 50 * MIB) + b"x" * (20 * MIB))
        await _until(lambda: bool(_stored(service)))
    await _until(lambda: not _stored(service))
    assert service.client().get("/api/v1/audit/scans").json["data"] == []


async def test_a_full_disk_is_507_and_leaves_nothing(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(chunks: object, max_bytes: int | None = None) -> None:
        raise StorageFull("the store has no room")

    monkeypatch.setattr(service.app.state.platform.storage, "write_upload", full)
    answer = service.client().post(f"{UPLOADS}?filename=a", body=b"x" * MIB)
    assert (answer.status, answer.json["error"]["code"]) == (507, "storage_full")
    assert service.client().get("/api/v1/audit/scans").json["data"] == []


async def test_a_large_upload_does_not_fill_memory(service: Service) -> None:
    """200 MiB through a process that may grow by 100: the parts on their way to the store, never the whole."""
    size, chunk = 200 * MIB, b"\xa5" * MIB
    process = psutil.Process()
    service.client().post(f"{UPLOADS}?filename=warm", body=b"warm")
    before, peak, stop = process.memory_info().rss, [0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.01):
            peak[0] = max(peak[0], process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
        headers = {"authorization": f"Bearer {service.key}", "content-length": str(size)}
        connection.request("POST", f"{UPLOADS}?filename=big", body=(chunk for _ in range(size // MIB)), headers=headers)
        answer = connection.getresponse()
        assert answer.status == 202, answer.read()
        connection.close()
    finally:
        stop.set()
        watcher.join()
    assert peak[0] - before < 100 * MIB, resource.getrusage(resource.RUSAGE_SELF)


def _request(key: str, length: int, extra: str = "") -> bytes:
    return (
        f"POST {UPLOADS}?filename=big HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\n"
        f"content-length: {length}\r\n{extra}\r\n"
    ).encode()


def _head(service: Service, *, length: int, key: str, extra: str = "") -> bytes:
    """What comes back when only the head of a request was sent."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as raw:
        raw.sendall(_request(key, length, extra))
        got = b""
        while b"\r\n\r\n" not in got and (part := raw.recv(4096)):
            got += part
        return got


async def _until(judge: Callable[[], bool], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not judge():
            await asyncio.sleep(0.02)


def _stored(service: Service) -> list[str]:
    """The digests of what the store holds, unless it is taken away while we look."""
    found: list[str] = []
    for path in (service.config.home / "objects").rglob("*"):
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            found.append(hashlib.sha256(path.read_bytes()).hexdigest())
    return found
