"""The scripts of the page's own site, and what answers at the addresses of their source maps."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from surveyor.scan.errors import Broken, NotConfigured, ScanError
from surveyor.scan.evidence import MAP, SCRIPT, Page, Script, Scripts
from surveyor.scan.gather import asking
from surveyor.scan.gather.interface import Errand, Gatherer
from surveyor.scan.patterns import regex

#: How many are read, how much of each, and how much of a map.
_MOST, _BYTES, _MAP_BYTES = 12, 2 << 20, 1 << 16
_SECONDS = 10.0
_TAIL = 4096
#: The last line of a script that was made from others (ECMA-426 §11.1.2.1).
_COMMENT = regex(rb"//[#@] ?sourceMappingURL=([^\s'\"]{1,2000})\s*\Z")


def gather(errand: Errand) -> Scripts:
    """Fetch each, and its map."""
    if not errand.settings.probes:
        raise NotConfigured("asking for source maps is turned off (SURVEYOR_PROBES)")
    origin = urlsplit(errand.page().url).netloc
    own = [url for url in dict.fromkeys(errand.scripts) if urlsplit(url).netloc == origin]
    scripts: list[Script] = []
    missed: dict[str, str] = {}
    most = _MOST * errand.times
    for url in own[:most]:
        try:
            page = asking.ask(errand, url, max_bytes=_BYTES, seconds=_SECONDS)
        except Broken:
            continue  # nobody else gets it either
        except ScanError as error:
            missed[url] = str(error)
            continue
        scripts.append(Script(page=page, map=_map(errand, page, missed)))
    if len(own) > most:
        missed[SCRIPT] = f"only the first {most} of {len(own)} are read"
    return Scripts(scripts=tuple(scripts), missed=missed)


def _map(errand: Errand, page: Page, missed: dict[str, str]) -> Page | None:
    """The answer at the address that a script names for its map, on the same host; without one the script stays."""
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
    try:
        return asking.ask(errand, url, max_bytes=_MAP_BYTES, seconds=_SECONDS)
    except Broken:
        return None
    except ScanError as error:
        missed.setdefault(MAP, f"{url[:200]}: {error}")
        return None


GATHERER = Gatherer(id="scripts", version=1, gather=gather)
