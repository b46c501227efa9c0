"""Lighthouse itself, run on this machine by its own program, in a browser of ours that reaches no more than others.

Throttling is applied (``devtools``), as in our laboratory: what Lighthouse computes instead by default is another
quantity, which sees no layout shift that slowness causes. One run, since one takes half a minute.
"""

from __future__ import annotations

from contextlib import ExitStack

from surveyor.scan.errors import NotConfigured, Unreachable
from surveyor.scan.figures import Device, Engine
from surveyor.scan.formats import lighthouse
from surveyor.scan.formats.json import load_object
from surveyor.scan.gather.interface import Errand, Gatherer
from surveyor.scan.speed import Speed

#: What all answers of one load may have, in pages of the scan's bound.
_PAGES = 8
#: Seconds that are left over for what follows, and that a load may take at most before Lighthouse goes on.
_RESERVE, _LOAD_SECONDS = 2.0, 25.0


def gather(errand: Errand) -> Speed:
    """Measure the page on the errand's device; raises ``NotConfigured`` without Lighthouse or a browser."""
    settings = errand.settings
    if not settings.lighthouse:
        raise NotConfigured("no Lighthouse is named (SURVEYOR_LIGHTHOUSE)")
    if settings.browser is None:
        raise NotConfigured("Lighthouse needs a Chromium: none is installed or named (SURVEYOR_CHROMIUM)")
    # what drives it takes a while to import, and most scans measure nothing
    from surveyor.scan.net.browser import driven

    limit = settings.limits.page_bytes * _PAGES
    with ExitStack() as stack:
        if errand.visits is not None:
            # other loads would be measured too
            stack.enter_context(errand.visits.without(seconds=errand.left))
        chromium = stack.enter_context(
            driven.browser(errand.client, settings.browser, errand.url, seconds=errand.left, max_bytes=limit)
        )
        command = (*settings.lighthouse, errand.url, f"--port={chromium.port}", *_options(errand.device))
        told = driven.run(command, seconds=max(0.0, errand.left - _RESERVE))
    result = load_object(memoryview(told))
    if failure := lighthouse.failure(result):
        raise Unreachable(f"Lighthouse could not measure the page: {failure}")
    return lighthouse.read(result, url=errand.url, by=Engine.LIGHTHOUSE, device=errand.device)


def _options(device: Device) -> tuple[str, ...]:
    """What Lighthouse is to do: performance alone, slowed down as our laboratory is, and nothing told to anybody."""
    from surveyor.scan.net.browser.emulation import PROFILES

    slow = PROFILES[device]
    return (
        "--output=json",
        "--output-path=stdout",
        "--quiet",
        "--no-enable-error-reporting",
        "--only-categories=performance",
        "--locale=en",
        "--disable-full-page-screenshot",
        "--skip-audits=screenshot-thumbnails,final-screenshot",
        f"--max-wait-for-load={_LOAD_SECONDS * 1000:.0f}",
        f"--form-factor={device}",
        "--throttling-method=devtools",
        f"--throttling.requestLatencyMs={slow.latency}",
        f"--throttling.downloadThroughputKbps={slow.down}",
        f"--throttling.uploadThroughputKbps={slow.up}",
        f"--throttling.cpuSlowdownMultiplier={slow.slowdown}",
        f"--screenEmulation.mobile={str(device is Device.MOBILE).lower()}",
        f"--screenEmulation.width={slow.width}",
        f"--screenEmulation.height={slow.height}",
        f"--screenEmulation.deviceScaleFactor={slow.ratio}",
    )


GATHERER = Gatherer(id="lighthouse", version=1, gather=gather)
