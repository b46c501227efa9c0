"""The page as a browser of this machine builds it: one load, through our own guard, within the time for gathering."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from surveyor.scan.errors import Broken, LimitExceeded, NotConfigured, ScanError, Unreachable
from surveyor.scan.evidence import UNSEEN, Kept, Loading, Rendered
from surveyor.scan.gather.interface import Errand, Gatherer
from surveyor.scan.net.browser.visits import Visit
from surveyor.scan.settings import Settings

#: What all answers of one load may have, in pages of the scan's bound.
_PAGES = 8
#: How much of the time a page may take to load and to come to rest.
_LOAD_SHARE, _LOAD_SECONDS = 0.5, 20.0
_ASK_SECONDS = 10.0
#: What has to be left for a second load.
_AGAIN_SECONDS = 5.0
_TEXT, _COOKIES = 300, 300

#: The markup as it is, without what a browser with scripts does not show; shadow trees are not in it. What style sheets
#: hide is marked, but not what is no box itself and still tells something (``area``, ``audio``, ``source`` …).
_MARKUP = """((limit, mark) => {
  const copy = document.documentElement.cloneNode(true);
  const copies = copy.querySelectorAll('*'), all = document.documentElement.querySelectorAll('*');
  for (const one of copy.querySelectorAll(`[${mark}]`)) one.removeAttribute(mark);
  const unboxed = 'audio,area,body,br,datalist,frameset,head,head *,input[type=hidden],link,map,meta,param,script,' +
    'source,style,template,title,track,wbr,svg *';
  for (let place = 0; all.length === copies.length && place < Math.min(all.length, 20000); place++) {
    const one = all[place];
    if (one.matches(unboxed)) continue;
    const style = getComputedStyle(one), above = one.parentElement && getComputedStyle(one.parentElement);
    const told = value => value === 'visible' ? value : 'hidden';
    if (style.display === 'none') copies[place].setAttribute(mark, 'none');
    else if (told(style.visibility) !== told(above ? above.visibility : 'visible'))
      copies[place].setAttribute(mark, told(style.visibility));
  }
  for (const node of copy.querySelectorAll('noscript')) node.remove();
  const text = '<!doctype html>' + copy.outerHTML;
  return {html: text.slice(0, limit).toWellFormed(), cut: text.length > limit, url: location.href};
})(%d, '%s')"""


def gather(errand: Errand) -> Rendered:
    """Load the page that was fetched, again if it ended its browser; raises ``NotConfigured`` without one."""
    if errand.settings.browser is None:
        raise NotConfigured("no Chromium is installed or named (SURVEYOR_CHROMIUM), so scripts of the page did not run")
    url, before = errand.page().url, None
    try:
        before, whole = _load(errand, url)
        if whole or errand.left < _AGAIN_SECONDS:
            return before
    except (Broken, LimitExceeded):  # it crashed, or was ended for its memory
        if errand.left < _AGAIN_SECONDS:
            raise
    try:
        return _load(errand, url)[0]
    except ScanError:
        if before is None:
            raise
        return before


def _load(errand: Errand, url: str) -> tuple[Rendered, bool]:
    """What was seen of it, and whether the browser outlived that."""
    # what drives it takes a while to import, and most scans load no page
    from surveyor.scan.net.browser.arrival import CRASHED, arrive

    with errand.visit(max_bytes=errand.settings.limits.page_bytes * _PAGES) as visit:
        visit.tab.name(_agent(visit.chromium.agent, errand.settings), seconds=_ask(errand))
        seconds = min(_LOAD_SECONDS, errand.left * _LOAD_SHARE)
        settled = arrive(visit, url, seconds=errand.left, rest=lambda: visit.tab.settle(seconds=seconds))
        try:
            rendered = _read(errand, visit, settled=settled)
        except ScanError:
            if visit.tab.heard.crashed:  # what it says to whoever asks then is of no use
                raise Broken(CRASHED) from None
            raise
        return rendered, visit.chromium.alive and not visit.tab.heard.crashed


def _read(errand: Errand, visit: Visit, *, settled: bool) -> Rendered:
    from surveyor.scan.net.browser import accessibility, pictures

    tab, traffic = visit.tab, visit.traffic
    frame = tab.frames(seconds=_ask(errand)).get("frame", {})
    world = tab.world(str(frame.get("id", "")), seconds=_ask(errand))
    found = tab.run(world, _MARKUP % (errand.settings.limits.page_bytes, UNSEEN), seconds=_ask(errand)).get("value")
    if not isinstance(found, dict):
        raise Unreachable("the browser has no markup of the page")
    missed: dict[str, str] = {}
    kept: tuple[Kept, ...] = ()
    try:
        kept = cookies(tab.ask("Network.getAllCookies", seconds=_ask(errand)))
    except ScanError as error:
        missed["cookies"] = str(error)
    looked = accessibility.look(tab, world, missed, left=lambda: errand.left)
    heard = tab.heard
    asked = list(heard.requests.values())
    rendered = Rendered(
        url=str(found["url"]),
        html=str(found["html"]),
        browser=visit.chromium.product,
        sandboxed=visit.chromium.sandboxed,
        cut=bool(found["cut"]),
        settled=settled and not traffic.cut,
        requests=tuple(
            Loading(url=one.url, kind=one.kind, status=one.status, size=one.size, failure=one.failure) for one in asked
        ),
        more_requests=heard.more,
        notes=tuple(heard.notes),
        refused=traffic.refused_of_page,
        barriers=looked.barriers,
        cookies=kept,
        tree=looked.tree,
        media=looked.media,
        labels=looked.labels,
        moved=looked.moved,
        missed=missed,
    )
    if (extra := errand.client.extra) is not None:
        hidden = extra.within(rendered)
        if hidden is not rendered:
            return replace(hidden, missed={**hidden.missed, "pictures": "the page shows a value of the scan's headers"})
    try:
        wanted = errand.pictured(errand.page(), rendered)
        return replace(rendered, pictures=pictures.take(tab, world, wanted, seconds=errand.left))
    except ScanError as error:
        return replace(rendered, missed={**missed, "pictures": str(error)})


def cookies(told: Mapping[str, Any]) -> tuple[Kept, ...]:
    """The cookies of an answer of ``Network.getAllCookies``, without their values."""
    listed = told.get("cookies")
    found = (one for one in (listed if isinstance(listed, list) else ())[:_COOKIES] if isinstance(one, dict))
    return tuple(
        Kept(
            name=str(one.get("name", ""))[:_TEXT],
            domain=str(one.get("domain", "")).lstrip(".").lower()[:_TEXT],
            secure=one.get("secure") is True,
            http_only=one.get("httpOnly") is True,
            same_site=str(one["sameSite"]).lower()[:_TEXT] if "sameSite" in one else None,
        )
        for one in found
    )


def _ask(errand: Errand) -> float:
    return min(_ASK_SECONDS, errand.left)


def _agent(own: str, settings: Settings) -> str:
    """Chromium's own name without the word that many servers turn away, and ours."""
    return f"{own.replace('HeadlessChrome', 'Chrome')} {settings.user_agent}".strip()


GATHERER = Gatherer(id="browser", version=1, gather=gather)
