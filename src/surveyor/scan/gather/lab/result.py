"""Several runs as one measurement: medians with their ranges, and what the page is made of by the median run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from surveyor.scan.figures import Device
from surveyor.scan.formats.loose import whole
from surveyor.scan.gather.lab import look, resources, work
from surveyor.scan.gather.lab.run import Run
from surveyor.scan.gather.lab.unused import Use
from surveyor.scan.net.browser import emulation
from surveyor.scan.speed import Environment, Load, Metric, Resource, Source

#: All that is measured, in the order told.
METRICS = ("fcp", "lcp", "cls", "tbt", "si", "tti", "ttfb", "inp")
_METHOD = "devtools"


def metrics(runs: Sequence[Run]) -> Iterator[Metric]:
    """Each metric that a run has."""
    for name in METRICS:
        if values := [run.values[name] for run in runs if name in run.values]:
            yield Metric(
                id=name,
                value=median(values),
                source=Source.LAB,
                low=min(values),
                high=max(values),
                runs=len(values),
            )


def typical(runs: Sequence[Run]) -> Run:
    """The run whose Largest Contentful Paint is the median, the better of the two in the middle; or the first."""
    have = sorted((run for run in runs if "lcp" in run.values), key=lambda run: run.values["lcp"])
    return have[(len(have) - 1) // 2] if have else runs[0]


def missed(runs: Sequence[Run]) -> dict[str, str]:
    """What was missed in any run."""
    return {name: why for run in runs for name, why in run.missed.items()}


def environment(run: Run, device: Device, *, product: str, benchmark: float | None) -> Environment:
    """Under what a run was measured."""
    profile = emulation.PROFILES[device]
    return Environment(
        browser=product,
        agent=run.agent,
        benchmark=benchmark,
        method=_METHOD,
        latency=profile.latency,
        down=profile.down,
        up=profile.up,
        slowdown=profile.slowdown,
        width=profile.width,
        height=profile.height,
        ratio=profile.ratio,
    )


def load(run: Run) -> Load:
    """What one run saw."""
    traced, use = run.traced, run.use or Use()
    loaded = resources.resources(
        run.exchanges, page=run.url, origin=traced.origin / 1e6, blocking=traced.blocking, use=use.shares
    )
    by_url: dict[str, Resource] = {one.url: one for one in loaded}
    start = traced.painted if traced.painted is not None else run.end
    scripts = work.by_script(traced.spans, start, run.end)
    return Load(
        largest=run.largest,
        shifts=run.shifts,
        tasks=work.tasks(traced.spans, start, run.end),
        scripts=scripts,
        work=work.by_kind(traced.spans),
        resources=loaded,
        more=run.more,
        pictures=tuple(look.pictures(run.seen, by_url)),
        fonts=resources.fonts(loaded, use.fonts),
        parties=resources.parties(loaded, scripts),
        nodes=whole(run.seen.get("nodes")),
        depth=whole(run.seen.get("depth")),
        children=whole(run.seen.get("children")),
        missed=run.untold,
    )
