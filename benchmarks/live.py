"""From a line of a scanner's progress file to 200 readers of the event stream, through every process between.

python -m benchmarks live [--readers 200] [--clients 2] [--rounds 5]

A round is one scan of a real file: its readers are connected before a worker takes it. Measured is the time between the
moment that the scanner wrote into the line and the moment that a reader has parsed it, on one machine with one clock.
Every reader must get every event once.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import io
import json
import subprocess
import sys
import tarfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.installation import WORKER, Installation, installation, machine, percentile, told

BAR_SECONDS = 0.25


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--as-client", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.as_client:
        return asyncio.run(_client(json.loads(arguments.as_client)))
    taken: list[float] = []
    with installation() as service:
        for turn in range(arguments.rounds):
            taken += _round(service, arguments, turn)
    worst = percentile(taken, 0.95)
    print(f"all: n={len(taken)} {told(taken)}; the bar is p95 < {BAR_SECONDS * 1000:.0f} ms; {machine()}")
    return int(worst > BAR_SECONDS)


def _round(service: Installation, arguments: argparse.Namespace, turn: int) -> list[float]:
    scan = _upload(service, _file(20_000 + turn))
    share = arguments.readers // arguments.clients
    task = json.dumps({"port": service.port, "key": service.key, "scan": scan, "readers": share})
    command = [sys.executable, "-m", "benchmarks.live", "--as-client", task]
    root = Path(__file__).resolve().parents[1]
    clients = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) for _ in range(arguments.clients)]
    for client in clients:
        assert client.stdout is not None
        assert client.stdout.readline() == b"connected\n"
    before = service.cpu()
    service.start("worker", WORKER)
    answers = [json.loads(client.communicate(timeout=120)[0]) for client in clients]
    used = service.cpu()["serve"] - before["serve"]
    service.stop("worker")
    taken = [value for answer in answers for value in answer["taken"]]
    events = {count for answer in answers for count in answer["events"]}
    if len(events) != 1:
        raise SystemExit(f"readers got different numbers of events: {sorted(events)}")
    print(f"round {turn + 1}: {events.pop()} events, n={len(taken)} {told(taken)}; serve {used:.1f} CPU-s; {machine()}")
    return taken


def _upload(service: Installation, content: bytes) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    headers = {"authorization": f"Bearer {service.key}"}
    connection.request("POST", "/api/v1/audit/uploads?filename=long.tar", body=content, headers=headers)
    answer = connection.getresponse()
    if answer.status != http.HTTPStatus.ACCEPTED:
        raise SystemExit(answer.read().decode()[:500])
    scan: str = json.loads(answer.read())["data"]["id"]
    return scan


def _file(packages: int) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for number in range(packages):
            content = json.dumps({"name": f"pkg{number}", "version": "1.0.0"}).encode()
            entry = tarfile.TarInfo(f"node_modules/pkg{number}/package.json")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


async def _client(task: dict[str, object]) -> int:
    """Some readers of one process; says when all are connected, then what each event took."""
    taken: list[float] = []
    readers = int(str(task["readers"]))
    connected = asyncio.Semaphore(0)
    following = [asyncio.create_task(_follow(task, connected, taken)) for _ in range(readers)]
    for _ in range(readers):
        await connected.acquire()
    sys.stdout.write("connected\n")
    sys.stdout.flush()
    events = await asyncio.gather(*following)
    json.dump({"taken": taken, "events": events}, sys.stdout)
    return 0


async def _follow(task: dict[str, object], connected: asyncio.Semaphore, taken: list[float]) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(str(task["port"])))
    writer.write(
        f"GET /api/v1/audit/scans/{task['scan']}/events HTTP/1.1\r\nhost: 127.0.0.1:{task['port']}\r\n"
        f"authorization: Bearer {task['key']}\r\naccept: text/event-stream\r\n\r\n".encode()
    )
    seen = 0
    while line := await reader.readline():
        if line.startswith(b"retry:"):
            began = datetime.now(UTC)
            connected.release()
        elif line.startswith(b"data: {"):
            event = json.loads(line[6:])
            seen += 1
            if event["seq"] != seen:
                raise SystemExit(f"event {event['seq']} where {seen} was due")
            at = datetime.fromisoformat(event["ts"])
            if event["slot"] and at > began:
                taken.append(time.time() - at.timestamp())
        elif line.startswith(b"event: done"):
            break
    writer.close()
    return seen


if __name__ == "__main__":
    sys.exit(main())
