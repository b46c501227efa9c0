"""What the page's server lets a foreign origin read (CORS, Fetch §3.3)."""

from __future__ import annotations

from surveyor.scan.errors import Broken, ScanError
from surveyor.scan.evidence import Sharing
from surveyor.scan.gather import asking
from surveyor.scan.gather.interface import Errand, Gatherer

#: Nobody's: a name that no site can have (RFC 2606).
ORIGIN = "https://stranger.invalid"
_BYTES = 1 << 14
_SECONDS = 8.0


def gather(errand: Errand) -> Sharing:
    """A preflight and a request in a stranger's name; of the bodies only a beginning is taken."""
    url = errand.page().url
    origin = {"Origin": ORIGIN}
    asked = {**origin, "Access-Control-Request-Method": "GET"}
    request = asking.ask(errand, url, headers=origin, max_bytes=_BYTES)
    try:
        preflight = asking.ask(errand, url, method="OPTIONS", headers=asked, max_bytes=_BYTES, seconds=_SECONDS)
    except Broken:
        return Sharing(origin=ORIGIN, request=request)  # no answer is none that lets anybody in
    except ScanError as error:
        return Sharing(origin=ORIGIN, request=request, missed={"preflight": str(error)})
    return Sharing(origin=ORIGIN, request=request, preflight=preflight)


GATHERER = Gatherer(id="sharing", version=1, gather=gather)
