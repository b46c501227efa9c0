"""The scripts of the page's own site, and what answers at the addresses of their source maps."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from surveyor.scan.errors import Broken, NotConfigured, ScanError
from surveyor.scan.evidence import Page, Script, Scripts
from surveyor.scan.gather import asking
from surveyor.scan.gather.interface import Errand, Gatherer

#: How many are read, how much of each, and how much of a map.
_MOST, _BYTES, _MAP_BYTES = 12, 2 << 20, 1 << 16
_SECONDS = 10.0
_TAIL = 4096
#: The last line of a script that was made from others (ECMA-426 §11.1.2.1).
_COMMENT = re.compile(rb"//[#@] ?sourceMappingURL=([^\s'\"]{1,2000})\s*\Z")


def gather(errand: Errand) -> Scripts:
    """Fetch each, and its map."""
    if not errand.settings.probes:
        raise NotConfigured("asking for source maps is turned off (SURVEYOR_PROBES)")
    origin = urlsplit(errand.page().url).netloc
    own = [url for url in dict.fromkeys(errand.scripts) if urlsplit(url).netloc == origin]
    scripts: list[Script] = []
    missed: dict[str, str] = {}
    for url in own[:_MOST]:
        try:
            page = asking.ask(errand, url, max_bytes=_BYTES, seconds=_SECONDS)
            scripts.append(Script(page=page, map=_map(errand, page)))
        except Broken:
            continue  # nobody else gets it either
        except ScanError as error:
            missed[url] = str(error)
    return Scripts(scripts=tuple(scripts), more=max(len(own) - _MOST, 0), missed=missed)


def _map(errand: Errand, page: Page) -> Page | None:
    """The answer at the address that a script names for its map, on the same host."""
    named = page.header("sourcemap") or page.header("x-sourcemap")
    if named is None and (found := _COMMENT.search(page.body[-_TAIL:])) and not page.cut:
        named = found[1].decode("utf-8", "replace")
    if named is None or named.startswith("data:"):
        return None
    try:
        url = urljoin(page.url, named)
        if urlsplit(url).netloc != urlsplit(page.url).netloc:
            return None
    except ValueError:
        return None
    return asking.ask(errand, url, max_bytes=_MAP_BYTES, seconds=_SECONDS)


GATHERER = Gatherer(id="scripts", version=1, gather=gather)
