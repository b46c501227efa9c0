"""What one scan of pages saw: for each page its answer, and all that was gathered around it, or why it was not.

Values of cookies and what answered to the asker's own headers are taken out: nobody judges them, and whoever is given
the file should not be let in by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Any

from surveyor import __version__
from surveyor.scan import errors
from surveyor.scan.address import has_userinfo, normal
from surveyor.scan.engine.gathering import Shared
from surveyor.scan.engine.kept import packing
from surveyor.scan.engine.site.member import Site
from surveyor.scan.errors import LimitExceeded, Malformed, ScanError
from surveyor.scan.evidence import (
    Exposed,
    Links,
    Mapped,
    Page,
    Rendered,
    Schemes,
    Scripts,
    Sharing,
    Sitemap,
    Sitemaps,
    Step,
    Tls,
    WellKnown,
)
from surveyor.scan.figures import Device
from surveyor.scan.formats.typed import reader
from surveyor.scan.limits import MIB
from surveyor.scan.model import Coverage
from surveyor.scan.patterns import regex
from surveyor.scan.plan import WEB_SLOTS, Request
from surveyor.scan.speed import Speed
from surveyor.scan.values import frozen

SCHEMA = "1.0"
#: What is kept of one scan at most, before compression; and what is given up first where it is more.
_MOST = 96 * MIB
_DEAR = ("scripts", "exposed", "sitemaps", "mapped", "links", "browser", "schemes")
_COOKIE = regex(r"=[^;]+")
_PAGES = 600


@frozen
class Trouble:
    """The error that a gathering ended with: its class among the scanner's, what it says, its rule if it has one."""

    kind: str
    detail: str
    rule: str | None = None


@frozen
class Gathered:
    """What was gathered around a page, under the ids of gatherers; nothing where nobody asked for it.

    ``speed`` is how it loads, whoever measured.
    """

    speed: Speed | None = None
    schemes: Schemes | None = None
    sharing: Sharing | None = None
    tls: Tls | None = None
    wellknown: WellKnown | None = None
    exposed: Exposed | None = None
    scripts: Scripts | None = None
    links: Links | None = None
    sitemaps: Sitemaps | None = None
    mapped: Mapped | None = None
    browser: Rendered | None = None


@frozen
class Seen:
    """One page: its answer, or what came instead. ``home`` is the place in the list of the page that brings its site's.

    ``limit`` is how many bytes of it were read at most.
    """

    url: str
    page: Page | None = None
    frame: str = ""
    depth: int = 0
    home: int | None = None
    limit: int = 0
    gathered: Gathered = field(default_factory=Gathered)
    troubles: Mapping[str, Trouble] = field(default_factory=dict)


@frozen
class Bundle:
    """All of one scan. ``coverage`` is what finding the pages left, ``several`` whether there were to be more than one,
    ``met`` what was no page by the keys of addresses.

    ``offline`` and the like are settings of whoever judges it again.
    """

    source: str
    slots: tuple[str, ...]
    at: datetime
    pages: tuple[Seen, ...]
    device: Device = Device.MOBILE
    several: bool = False
    coverage: tuple[Coverage, ...] = ()
    met: Mapping[str, Page] = field(default_factory=dict)
    scanner: str = __version__
    schema: str = SCHEMA


def of(request: Request, site: Site, coverage: tuple[Coverage, ...]) -> Bundle:
    """What was seen so far of the pages of a scan."""
    places = {id(member.shared): place for place, member in enumerate(site.members)}
    pages = tuple(
        _seen(member.shared, frame=member.frame, depth=member.depth, home=places.get(id(member.shared.home)))
        for member in site.members
    )
    return Bundle(
        source=request.source,
        slots=request.slots,
        at=datetime.now(UTC),
        pages=pages,
        device=request.device,
        several=site.several,
        coverage=coverage,
        met=site.met,
    )


def encode(bundle: Bundle) -> bytes:
    """As a file. Of what is too much the dearest is left out, kind by kind; ``LimitExceeded`` where that won't do."""
    kept: Bundle = bare(bundle)
    for name in (*_DEAR, None):
        try:
            return packing.pack(kept, max_bytes=_MOST)
        except LimitExceeded:
            if name is None:
                raise
            kept = replace(kept, pages=tuple(_lighter(one, name) for one in kept.pages))
    raise AssertionError


def decode(data: bytes) -> Bundle:
    """From a file; raises ``Malformed`` and ``LimitExceeded``, for what others made of one too."""
    value = packing.unpack(data)
    try:
        found = reader(Bundle)(value)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise Malformed(f"evidence of another shape: {str(error)[:200]}") from None
    assert isinstance(found, Bundle)
    if not found.pages or len(found.pages) > _PAGES:
        raise Malformed("evidence of no page, or of too many")
    if not found.slots or not set(found.slots) <= set(WEB_SLOTS):
        raise Malformed("evidence for scanners that there are none of")
    places = [found.source, *(one.url for one in found.pages), *(one.page.url for one in found.pages if one.page)]
    if not all(map(_is_address, places)):
        raise Malformed("evidence of what is no page's address")
    if any(one.home is not None and not 0 <= one.home < len(found.pages) for one in found.pages):
        raise Malformed("evidence of a page whose site is not in it")
    return found


def _is_address(url: str) -> bool:
    try:
        return normal(url).startswith(("http://", "https://")) and not has_userinfo(url)
    except ValueError:
        return False


def trouble(error: ScanError) -> Trouble:
    """An error as it is kept."""
    return Trouble(kind=type(error).__name__, detail=str(error), rule=getattr(error, "rule", None))


def raised(kept: Trouble) -> ScanError:
    """The error again; of a kind that is not known, the most general one."""
    kind = getattr(errors, kept.kind, None)
    if kind is errors.Refused:
        return errors.Refused(kept.detail, rule=kept.rule or "refused")
    if isinstance(kind, type) and issubclass(kind, ScanError) and kind.__init__ is ScanError.__init__:
        return kind(kept.detail)
    return ScanError(kept.detail)


def _seen(shared: Shared, *, frame: str, depth: int, home: int | None) -> Seen:
    known = {one.name for one in fields(Gathered)}
    found: dict[str, Any] = {}
    troubles: dict[str, Trouble] = {}
    for name, (value, error) in shared.gathered().items():
        if error is not None:
            troubles[name] = trouble(error)
        elif name in known:
            found[name] = value
    return Seen(
        url=shared.errand.url,
        page=shared.page,
        frame=frame,
        depth=depth,
        home=home,
        limit=shared.errand.settings.limits.page_bytes,
        gathered=Gathered(**found),
        troubles=troubles,
    )


def _lighter(seen: Seen, name: str) -> Seen:
    if getattr(seen.gathered, name) is None:
        return seen
    gone = Trouble(kind="LimitExceeded", detail="there was too much of it to keep it")
    return replace(seen, gathered=replace(seen.gathered, **{name: None}), troubles={**seen.troubles, name: gone})


def bare(value: Any) -> Any:  # noqa: ANN401 - any value of a bundle
    """The same with cookies that have no value."""
    if isinstance(value, Page):
        lines = tuple(
            (name, _bare(text) if name.lower() in {"set-cookie", "cookie"} else text) for name, text in value.headers
        )
        return replace(value, headers=lines, hops=tuple(bare(hop) for hop in value.hops))
    if isinstance(value, Step):
        return replace(value, cookies=tuple(map(_bare, value.cookies)))
    if isinstance(value, Sitemap | Speed | Rendered | Tls):
        return value  # nobody sets cookies there
    if is_dataclass(value) and not isinstance(value, type):
        held = {one.name: getattr(value, one.name) for one in fields(value)}
        found = {name: bare(one) for name, one in held.items()}
        changed = {name: one for name, one in found.items() if one is not held[name]}
        return replace(value, **changed) if changed else value
    if isinstance(value, Mapping):
        return {name: bare(one) for name, one in value.items()}
    return tuple(bare(one) for one in value) if isinstance(value, tuple) else value


def _bare(cookie: str) -> str:
    """A Set-Cookie without its value, whose attributes stay."""
    first, semicolon, rest = cookie.partition(";")
    return f"{_COOKIE.sub('=***', first, count=1)}{semicolon}{rest}"
