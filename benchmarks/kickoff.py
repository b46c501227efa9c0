"""Kick-offs at 50 concurrent against a real web process: latency, processor time of each part.

python -m benchmarks kickoff [--concurrent 50] [--clients 2] [--requests 2000] [--rounds 3] [--host NAME]

Each connection sends its next request when the last is answered. A round's first answers warm everything up and do not
count. Anything but 202 is a failure and ends the run with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.installation import Installation, installation, machine, percentile, told

BAR_SECONDS = 0.1
WARM = 4  # requests of each connection that do not count


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--concurrent", type=int, default=50)
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--host", default="127.0.0.1:8080", help="in the URLs; an address is judged without a look-up")
    parser.add_argument("--canonical", action="store_true", help="name the team and project in the path")
    parser.add_argument("--as-client", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.as_client:
        return asyncio.run(_client(json.loads(arguments.as_client)))
    with installation() as service:
        bad, worst = 0, 0.0
        for turn in range(arguments.rounds):
            taken, failures = _round(service, arguments, turn)
            bad, worst = bad + failures, max(worst, percentile(taken, 0.99))
    print(f"{bad} failures; worst p99 {worst * 1000:.1f} ms, the bar is {BAR_SECONDS * 1000:.0f} ms")
    return int(bool(bad) or worst > BAR_SECONDS)


def _round(service: Installation, arguments: argparse.Namespace, turn: int) -> tuple[list[float], int]:
    before, began = service.cpu(), time.monotonic()
    clients = []
    for number in range(arguments.clients):
        task = {
            "port": service.port,
            "key": service.key,
            "connections": arguments.concurrent // arguments.clients,
            "requests": arguments.requests // arguments.concurrent + WARM,
            "url": f"http://{arguments.host}/{turn}-{number}",
            "path": "/api/v1/orgs/default/projects/default/audit" if arguments.canonical else "/api/v1/audit",
        }
        command = [sys.executable, "-m", "benchmarks.kickoff", "--as-client", json.dumps(task)]
        root = Path(__file__).resolve().parents[1]
        clients.append(subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root))
    answers = [json.loads(client.communicate()[0]) for client in clients]
    seconds = time.monotonic() - began
    taken = [value for answer in answers for value in answer["taken"]]
    bad = {status: n for answer in answers for status, n in answer["bad"].items()}
    count = len(taken) + sum(bad.values()) + WARM * arguments.concurrent
    spent = {name: (used - before[name]) / count * 1000 for name, used in service.cpu().items()}
    spent["clients"] = sum(answer["cpu"] for answer in answers) / count * 1000
    parts = ", ".join(f"{name} {used:.2f}" for name, used in spent.items())
    print(f"round {turn + 1}: n={len(taken)} {told(taken)}; processor ms each: {parts}; {seconds:.1f} s; {machine()}")
    if bad:
        print(f"  failures: {bad}")
    return taken, sum(bad.values())


async def _client(task: dict[str, object]) -> int:
    """Some connections of one client process; prints what each request took."""
    import uvloop

    assert uvloop
    taken: list[float] = []
    bad: dict[str, int] = {}
    connections = int(str(task["connections"]))
    gate = asyncio.Barrier(connections)
    await asyncio.gather(*(_connection(task, number, gate, taken, bad) for number in range(connections)))
    json.dump({"taken": taken, "bad": bad, "cpu": time.process_time()}, sys.stdout)
    return 0


async def _connection(
    task: dict[str, object], number: int, gate: asyncio.Barrier, taken: list[float], bad: dict[str, int]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(str(task["port"])))
    head = (
        f"POST {task['path']}/scans/run HTTP/1.1\r\nhost: 127.0.0.1:{task['port']}\r\n"
        f"authorization: Bearer {task['key']}\r\ncontent-type: application/json\r\n"
    )
    await gate.wait()
    for turn in range(int(str(task["requests"]))):
        body = json.dumps({"url": f"{task['url']}/{number}/{turn}"})
        began = time.perf_counter()
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n{body}".encode())
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(answer.partition("content-length:")[2].partition("\r\n")[0])
        await reader.readexactly(length)
        if turn >= WARM:
            status = answer.split(" ", 2)[1]
            if status == "202":
                taken.append(time.perf_counter() - began)
            else:
                bad[status] = bad.get(status, 0) + 1
    writer.close()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main())
