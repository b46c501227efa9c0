"""Answers to a few paths that hold secrets where somebody forgot them, and to one that cannot exist.

Plain GETs of single files, of each only the beginning; a setting turns them off.
"""

from __future__ import annotations

from surveyor.scan.errors import Broken, NotConfigured, ScanError
from surveyor.scan.evidence import Exposed, Page
from surveyor.scan.gather import asking
from surveyor.scan.gather.interface import Errand, Gatherer

PATHS = (
    "/.git/HEAD",
    "/.svn/wc.db",
    "/.hg/requires",
    "/.env",
    "/.htpasswd",
    "/.DS_Store",
    "/backup.zip",
    "/backup.tar.gz",
    "/backup.sql",
    "/dump.sql",
    "/wp-config.php.bak",
    "/index.php~",
)
_BYTES = 4096
_SECONDS = 8.0


def gather(errand: Errand) -> Exposed:
    """Ask for each path on the page's origin; without an answer to the impossible one nothing could be told apart."""
    if not errand.settings.probes:
        raise NotConfigured("asking for files that should not be there is turned off (SURVEYOR_PROBES)")
    url = errand.page().url
    stray = _ask(errand, url, f"/{int(errand.jitter() * 2**52):013x}.txt")
    answers: dict[str, Page] = {}
    missed: dict[str, str] = {}
    for path in PATHS:
        try:
            answers[path] = _ask(errand, url, path)
        except Broken:
            continue  # whoever hangs up gives nothing away
        except ScanError as error:
            missed[path] = str(error)
    return Exposed(answers=answers, stray=stray, missed=missed)


def _ask(errand: Errand, url: str, path: str) -> Page:
    return asking.ask(errand, asking.place(url, path), max_bytes=_BYTES, seconds=_SECONDS)


GATHERER = Gatherer(id="exposed", version=1, gather=gather)
