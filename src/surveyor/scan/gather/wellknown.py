"""Files that a site keeps where everybody looks: robots.txt, security.txt (RFC 9116) and llms.txt (llmstxt.org)."""

from __future__ import annotations

from surveyor.scan.errors import ScanError
from surveyor.scan.evidence import Page, WellKnown
from surveyor.scan.formats import robots
from surveyor.scan.gather import asking
from surveyor.scan.gather.interface import Errand, Gatherer

SECURITY, OLD_SECURITY = "/.well-known/security.txt", "/security.txt"
MODELS = "/llms.txt"
_PATHS = (robots.PATH, SECURITY, OLD_SECURITY, MODELS)
#: robots.txt is read to 500 KiB by those who read it (RFC 9309 §2.5).
_BYTES = 512 << 10


def gather(errand: Errand) -> WellKnown:
    """Each from the origin that answered with the page; what one cannot be had for is no other's fault."""
    url = errand.page().url
    files: dict[str, Page] = {}
    missed: dict[str, str] = {}
    for path in _PATHS:
        if path == OLD_SECURITY and SECURITY in files and files[SECURITY].status == 200:
            continue
        try:
            files[path] = asking.ask(errand, asking.place(url, path), max_bytes=_BYTES)
        except ScanError as error:
            missed[path] = str(error)
    return WellKnown(at=errand.today(), files=files, missed=missed)


GATHERER = Gatherer(id="wellknown", version=1, gather=gather)
