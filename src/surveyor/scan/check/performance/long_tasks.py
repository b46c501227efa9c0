"""Single pieces of work that keep the page from answering for a quarter of a second and more."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import loading
from surveyor.scan.check.interface import Outcome
from surveyor.scan.model import Evidence
from surveyor.scan.speed import Load, Speed, Task

#: RAIL asks for an answer within 100 ms; what runs longer than this on a slow phone is felt by everybody there.
_LONG = 250.0
_OWN = "the page itself"


def _judge(_: Speed, load: Load) -> Iterator[Outcome]:
    """Long tasks by the script that ran in them."""
    by_script: dict[str, list[Task]] = {}
    for task in load.tasks:
        if task.duration >= _LONG:
            by_script.setdefault(task.url or _OWN, []).append(task)
    worst = sorted(by_script.items(), key=lambda item: -sum(task.duration for task in item[1]))
    yield from loading.outcome("long", [_told(url, tasks) for url, tasks in worst])


def _told(url: str, tasks: list[Task]) -> Evidence:
    longest = max(tasks, key=lambda task: task.duration)
    many = f"{len(tasks):,} tasks, the longest" if len(tasks) > 1 else "a task"
    told = f"{many} of {longest.duration:,.0f} ms at {longest.at:,.0f} ms"
    return Evidence(kind="script", where=url[:600], value=told)


CHECK = loading.check("long_tasks", _judge, outcomes=("long",), parts=("tasks",))
