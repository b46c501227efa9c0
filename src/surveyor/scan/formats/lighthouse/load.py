"""What the audits tell of one load: its largest element, what moved, what ran, and what it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

from surveyor.scan.formats.lighthouse import images, requests
from surveyor.scan.formats.loose import URL, listed, number, part, place, text, truth, whole
from surveyor.scan.patterns import regex
from surveyor.scan.speed import Font, Largest, Load, Moved, Party, Phases, Resource, Shift, Task, Waste, Work

#: By field of ours the audits that tell it, of which one suffices.
TOLD_BY = {
    "largest": ("lcp-breakdown-insight", "lcp-discovery-insight"),
    "discovery": ("lcp-discovery-insight",),
    "shifts": ("layout-shifts", "cls-culprits-insight"),
    "tasks": ("long-tasks",),
    "scripts": ("bootup-time",),
    "resources": ("network-requests",),
    "blocking": ("render-blocking-insight", "render-blocking-resources"),
    "unused.script": ("unused-javascript",),
    "unused.stylesheet": ("unused-css-rules",),
    "lifetime": ("cache-insight", "uses-long-cache-ttl"),
    "pictures": ("image-delivery-insight",),
    "sized": ("unsized-images",),
    "fonts": ("font-display-insight", "font-display"),
    "parties": ("third-parties-insight", "third-party-summary"),
    "nodes": ("dom-size-insight", "dom-size"),
}
#: Never told: what of a page lies below its first screen, and which images wait for it.
_UNTOLD = {"fold": "Lighthouse does not tell where images are"}
_FAILED = ("error",)
_GROUPS = {
    "scriptEvaluation": "script",
    "scriptParseCompile": "script",
    "styleLayout": "layout",
    "paintCompositeRender": "paint",
    "parseHTML": "parse",
    "garbageCollection": "gc",
    "other": "other",
}
_PHASES = ("timeToFirstByte", "resourceLoadDelay", "resourceLoadDuration", "elementRenderDelay")
_SOURCE = regex(r"""\ssrc=["']([^"']{1,2000})["']""")
_BLOCKING_MS = 50.0


def read(result: Mapping[str, Any], *, page: str) -> Load:
    """The load of the document at ``page``, as far as audits tell of it."""
    audits = part(result, "audits")
    resources = tuple(requests.read(result))
    tasks = tuple(_tasks(audits))
    dom = _dom(audits)
    return Load(
        largest=_largest(audits, page, resources),
        shifts=tuple(_shifts(audits)),
        tasks=tasks,
        scripts=tuple(_scripts(audits, tasks)),
        work=_work(audits),
        resources=resources,
        pictures=tuple(images.read(audits, resources)),
        fonts=tuple(_fonts(audits, resources)),
        parties=tuple(_parties(audits)),
        nodes=dom.get("totalElements"),
        depth=dom.get("maxDepth"),
        children=dom.get("maxChildren"),
        legacy=_waste(audits, "legacy-javascript-insight", "legacy-javascript"),
        duplicates=_waste(audits, "duplicated-javascript-insight", "duplicated-javascript"),
        missed={**_UNTOLD, **_missed(audits)},
    )


def _missed(audits: Mapping[str, Any]) -> dict[str, str]:
    return {
        field: "this result of Lighthouse does not tell"
        for field, names in TOLD_BY.items()
        if not any(_told(audits, name) for name in names)
    }


def _told(audits: Mapping[str, Any], name: str) -> bool:
    audit = part(audits, name)
    return bool(audit) and audit.get("scoreDisplayMode") not in _FAILED


def _items(audits: Mapping[str, Any], *names: str) -> Iterator[Mapping[str, Any]]:
    """The rows of the first of several audits that is there."""
    name = next((name for name in names if _told(audits, name)), "")
    return listed(part(audits, name, "details").get("items"))


def _largest(audits: Mapping[str, Any], page: str, resources: tuple[Resource, ...]) -> Largest | None:
    at = number(part(audits, "largest-contentful-paint").get("numericValue"))
    if at is None:
        return None
    rows = [*_items(audits, "lcp-breakdown-insight"), *_items(audits, "lcp-discovery-insight")]
    where = next((found for row in rows if row.get("type") == "node" and (found := place(row))), None)
    told = next((part(row, "items") for row in rows if row.get("type") == "checklist"), {})
    hinted = truth(part(told, "priorityHinted").get("value"))
    eager = truth(part(told, "eagerlyLoaded").get("value"))
    source = _SOURCE.search(where.snippet) if where else None
    url = _joined(page, source[1]) if source else None
    return Largest(
        at=at,
        place=where,
        url=url if any(one.url == url for one in resources) else None,
        phases=_phases(rows),
        discoverable=truth(part(told, "requestDiscoverable").get("value")),
        lazy=None if eager is None else not eager,
        priority=None if hinted is None else "high" if hinted else "",
    )


def _joined(page: str, source: str) -> str | None:
    try:
        return urljoin(page, source)
    except ValueError:
        return None


def _phases(rows: list[Mapping[str, Any]]) -> Phases | None:
    found = {
        text(row.get("subpart")): number(row.get("duration"))
        for table in rows
        if table.get("type") == "table"
        for row in listed(table.get("items"))
    }
    ttfb, delay, duration, render = (found.get(name) for name in _PHASES)
    if ttfb is None or render is None:
        return None
    return Phases(ttfb=ttfb, load_delay=delay or 0.0, load_duration=duration or 0.0, render_delay=render)


def _shifts(audits: Mapping[str, Any]) -> Iterator[Shift]:
    for row in _items(audits, "layout-shifts"):
        score, where = number(row.get("score")), place(row.get("node"))
        if score is not None:
            yield Shift(at=None, score=score, moved=(Moved(place=where),) if where else ())


def _tasks(audits: Mapping[str, Any]) -> Iterator[Task]:
    first = number(part(audits, "first-contentful-paint").get("numericValue")) or 0.0
    last = number(part(audits, "interactive").get("numericValue"))
    for row in _items(audits, "long-tasks"):
        at, duration = number(row.get("startTime")), number(row.get("duration"))
        if at is None or not duration:
            continue
        # Lighthouse's tbt-utils: what lies between FCP and TTI, and the same share of the 50 ms that are free
        end = at + duration if last is None else min(at + duration, last)
        within = max(0.0, end - max(at, first))
        free = _BLOCKING_MS * within / duration
        blocking = within - free if duration > _BLOCKING_MS and within > free else 0.0
        yield Task(at=at, duration=duration, blocking=blocking, url=text(row.get("url"), URL) or None)


def _scripts(audits: Mapping[str, Any], tasks: tuple[Task, ...]) -> Iterator[Work]:
    blocking: dict[str | None, float] = {}
    for task in tasks:
        blocking[task.url] = blocking.get(task.url, 0.0) + task.blocking
    for row in _items(audits, "bootup-time"):
        url, total = text(row.get("url"), URL), number(row.get("total"))
        if url and total is not None:
            yield Work(url=url, duration=total, blocking=blocking.get(url, 0.0))


def _work(audits: Mapping[str, Any]) -> dict[str, float]:
    found: dict[str, float] = {}
    for row in _items(audits, "mainthread-work-breakdown"):
        group, duration = _GROUPS.get(text(row.get("group")), "other"), number(row.get("duration"))
        found[group] = found.get(group, 0.0) + (duration or 0.0)
    return found


def _fonts(audits: Mapping[str, Any], resources: tuple[Resource, ...]) -> Iterator[Font]:
    hiding = {text(row.get("url"), URL) for row in _items(audits, "font-display-insight", "font-display")}
    for one in resources:
        if one.kind == "font":
            yield Font(url=one.url, display="auto" if one.url in hiding else None, transfer=one.transfer)


def _parties(audits: Mapping[str, Any]) -> Iterator[Party]:
    for row in _items(audits, "third-parties-insight", "third-party-summary"):
        named = row.get("entity")
        name = text(named) or text(part(row, "entity").get("text"))
        transfer = whole(row.get("transferSize"))
        if name and transfer is not None:
            requests_ = sum(1 for _ in listed(part(row, "subItems").get("items")))
            duration = number(row.get("mainThreadTime"))
            blocking = number(row.get("blockingTime"))
            yield Party(domain=name, requests=requests_, transfer=transfer, duration=duration, blocking=blocking)


def _dom(audits: Mapping[str, Any]) -> dict[str, int]:
    for name in TOLD_BY["nodes"]:
        found = part(audits, name, "details", "debugData")
        if found:
            return {key: count for key in found if (count := whole(found[key])) is not None}
    count = whole(part(audits, "dom-size-insight").get("numericValue"))
    return {} if count is None else {"totalElements": count}


def _waste(audits: Mapping[str, Any], *names: str) -> tuple[Waste, ...] | None:
    if not any(_told(audits, name) for name in names):
        return None
    rows = ((text(row.get("url"), URL) or text(row.get("source"), URL), row) for row in _items(audits, *names))
    return tuple(Waste(name=name, size=size) for name, row in rows if name and (size := whole(row.get("wastedBytes"))))
