"""Answers to a few paths that hold secrets where somebody forgot them, and to one that cannot exist.

Plain GETs of single files, of each only the beginning; a setting turns them off.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

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
#: A server has other things to do, and a connection each is what most of the time goes to.
_AT_ONCE = 4


def gather(errand: Errand) -> Exposed:
    """Ask for each path on the page's origin; without an answer to the impossible one nothing could be told apart."""
    if not errand.settings.probes:
        raise NotConfigured("asking for files that should not be there is turned off (SURVEYOR_PROBES)")
    url = errand.page().url
    stray = _ask(errand, url, f"/{int(errand.jitter() * 2**52):013x}.txt")
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="exposed") as pool:
        told = dict(zip(PATHS, pool.map(lambda path: _tried(errand, url, path), PATHS), strict=True))
    return Exposed(
        answers={path: answer for path, answer in told.items() if isinstance(answer, Page)},
        stray=stray,
        missed={path: answer for path, answer in told.items() if isinstance(answer, str)},
    )


def _tried(errand: Errand, url: str, path: str) -> Page | str | None:
    """The answer, why there is none, or nothing where the server hung up: whoever does gives nothing away."""
    try:
        return _ask(errand, url, path)
    except Broken:
        return None
    except ScanError as error:
        return str(error)


def _ask(errand: Errand, url: str, path: str) -> Page:
    return asking.ask(errand, asking.place(url, path), max_bytes=_BYTES, seconds=_SECONDS)


GATHERER = Gatherer(id="exposed", version=1, gather=gather)
