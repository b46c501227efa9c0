"""One scan by the working tree, as the service's child runs it: a process of its own, its private memory limited.

``python benchmarks/ours.py PATH [CACHE]`` prints what was found and what it took as JSON; benchmarks start it. With a
folder CACHE, layers that it knows are not read again. With ``--bare`` instead, ``cpu`` is what reading alone took:
without the start of the process, and without the SHA-256 of the file, which is then said to be known.
"""

from __future__ import annotations

import atexit
import gc
import json
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

#: Private memory of the scanner's child: MiB.
LIMIT = 400


def main(path: str, cache: str | None = None) -> None:
    """Scan without an advisory database: what is measured is the inventory."""
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT << 20, LIMIT << 20))
    # neither a command nor a child looks for cycles while it is loaded and at its end
    gc.set_threshold(400_000)
    atexit.register(gc.freeze)
    from surveyor.scan import engine
    from surveyor.scan.events import Event, Progress
    from surveyor.scan.plan import plan
    from surveyor.scan.settings import Settings

    stages: dict[str, object] = {}

    def sink(event: Event) -> None:
        if event.stage.endswith(".timing"):
            stages[event.stage.removesuffix(".timing").rpartition(".")[2]] = event.data["ms"]

    request, bare = plan(path), cache == "--bare"
    if bare:
        from surveyor.scan.engine import artifact, images, trees  # noqa: F401 - what a scan would import first

        request = replace(request, digest=f"sha256:{0:064}")
    before = time.process_time()
    kept = Path(cache) if cache and not bare else None
    report = engine.run(request, Settings(layer_cache=kept), Progress(sink))
    memory = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    unread = [
        {"what": each.what, "state": each.state, "reason": each.reason, "path": each.path, "detail": each.detail}
        for each in report.coverage
        if each.state not in {"looked", "missing", "not_configured"}
    ]
    found = {
        "type": report.target.type,
        "status": report.scan_status,
        "packages": [[each.purl, each.tier, each.presence] for each in report.packages],
        "unread": unread,
        "error": report.error,
        "ms": stages,
        "cpu": time.process_time() - before,
        # the largest that the data segment was is not kept by the kernel; it only grows while a scan runs
        "private_mib": int(memory["VmData"].split()[0]) >> 10,
        "anonymous_mib": int(memory["RssAnon"].split()[0]) >> 10,
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
