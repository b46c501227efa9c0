"""The page over the other scheme of its host: https beside http, or http beside https, with the way there."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from surveyor.scan.errors import Broken, ScanError, Unconnected
from surveyor.scan.evidence import Page, Schemes
from surveyor.scan.gather import asking
from surveyor.scan.gather.interface import Errand, Gatherer

_PORTS = {"http": 80, "https": 443}
#: Of the answer over plain http only the way there is judged.
_PLAIN_BYTES = 1 << 16


def gather(errand: Errand) -> Schemes:
    """Ask the same host, path and query once more; on a port of its own there is nobody else to ask."""
    page = errand.page()
    split = urlsplit(errand.url)
    scheme = split.scheme.lower()
    if split.port not in {None, _PORTS.get(scheme)}:
        return Schemes(http=page if scheme == "http" else None, https=page if page.secure else None)
    other = "https" if scheme == "http" else "http"
    host = f"[{split.hostname}]" if ":" in (split.hostname or "") else split.hostname or ""
    url = urlunsplit((other, host, split.path, split.query, ""))
    answer: Page | None = None
    missed = {}
    try:
        limit = errand.settings.limits.page_bytes if other == "https" else _PLAIN_BYTES
        answer = asking.ask(errand, url, max_bytes=limit)
    except Unconnected:
        pass  # nobody is there, which is an answer
    except ScanError as error:
        if other == "https" or not isinstance(error, Broken):
            missed = {other: str(error)}
    if other == "https":
        return Schemes(http=page, https=answer, missed=missed)
    return Schemes(http=answer, https=page, missed=missed)


GATHERER = Gatherer(id="schemes", version=1, gather=gather)
