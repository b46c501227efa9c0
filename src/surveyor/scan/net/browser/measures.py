"""What a page measures in the browser, for rules that neither markup nor axe-core decides.

Text that is cut, a page that is turned by the device's orientation, its sound and video, and the text that is seen on
controls which attributes name.

Of the page itself; what is in frames and shadow trees is not measured.
"""

from __future__ import annotations

from typing import Any

import orjson

from surveyor.scan.accessible import Label, Media
from surveyor.scan.errors import Malformed
from surveyor.scan.evidence import Barrier
from surveyor.scan.model import Evidence
from surveyor.scan.net.browser.tab import Tab
from surveyor.scan.values import frozen

#: Names of what is measured, as barriers carry them.
CLIPPED, TURNED = "surveyor-text-clipped", "surveyor-orientation-lock"
_QUOTES, _TEXT, _SECONDS = 20, 300, 6.0

#: A function ``place`` of an element: its selector, as rules of markup write it (``check.element.selector``).
PLACE = """const place = element => {
    const steps = [];
    for (let at = element; at && steps.length < 6; at = at.parentElement) {
      const tag = at.localName, id = at.getAttribute('id') || '';
      if (/^[A-Za-z][A-Za-z0-9_-]{0,79}$/.test(id)) { steps.push(`${tag}#${id}`); break; }
      if (['html', 'head', 'body'].includes(tag)) { steps.push(tag); break; }
      let position = 1;
      for (let other = at.previousElementSibling; other && position < 1000; other = other.previousElementSibling)
        position += other.localName === tag;
      steps.push(`${tag}:nth-of-type(${position})`);
    }
    return steps.reverse().join(' > ');
  };"""

#: A function ``seen`` of a text: where it is seen, as rectangles; none of text that a box was made small to hide, or
#: that was put off the page. Boxes are looked at up to the element ``top``.
SEEN = """const seen = (text, top) => {
    if (!text.parentElement.checkVisibility({visibilityProperty: true, opacityProperty: true})) return [];
    for (let at = text.parentElement; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.display !== 'inline' && style.display !== 'contents') {
        const box = at.getBoundingClientRect();
        if (style.overflowX !== 'visible' && (box.width <= 2 || box.height <= 2)) return [];
        if (style.clip !== 'auto' || style.clipPath !== 'none') return [];
      }
      if (at === top) break;
    }
    const range = document.createRange();
    range.selectNodeContents(text);
    return [...range.getClientRects()].filter(one => one.width > 1 && one.height > 1 &&
      one.right + scrollX > 0 && one.bottom + scrollY > 0);
  };"""

#: Text that an ancestor cuts, not at a line's end and without dots: its block is too small for it here already.
_CLIPPED = """const clipped = () => {
    const found = new Map(), walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    // the viewport has the overflow of a body whose document has none of its own
    const handed = getComputedStyle(document.documentElement).overflowX === 'visible';
    for (let count = 0; walker.nextNode() && count < 4000; count++) {
      const text = walker.currentNode, owner = text.parentElement;
      if (!text.data.trim() || owner.closest('script,style,noscript,svg,template')) continue;
      if (!owner.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      const rects = [...range.getClientRects()].filter(rect => rect.width > 1 && rect.height > 1);
      if (!rects.length) continue;
      const size = parseFloat(getComputedStyle(owner).fontSize) || 16;
      let free = false;
      for (let at = owner; at && at !== document.documentElement; at = at.parentElement) {
        if (handed && at === document.body) break;
        const style = getComputedStyle(at);
        if (!(free && style.position === 'static')) {
          const hides = value => value === 'hidden' || value === 'clip';
          const box = at.getBoundingClientRect();
          const left = box.left + at.clientLeft, top = box.top + at.clientTop;
          const right = left + at.clientWidth, bottom = top + at.clientHeight;
          const shown = at.clientWidth > 2 && at.clientHeight > 2 && style.clipPath === 'none' &&
            style.display !== 'inline' && !(parseInt(style.webkitLineClamp) > 0);
          const seen = shown && rects.some(one => one.left < right - 1 && one.right > left + 1 &&
            one.top < bottom - 1 && one.bottom > top + 1);
          const low = bottom + Math.max(2, size * .35);
          const cutDown = seen && hides(style.overflowY) && rects.some(one => one.bottom > low);
          const cutAcross = seen && hides(style.overflowX) && style.textOverflow !== 'ellipsis' &&
            rects.some(one => one.left < right && one.right > right + 2);
          if (cutDown || cutAcross) { found.set(at, cutDown ? 'at the bottom' : 'at the right'); break; }
          if (style.position === 'fixed') break;
          free = style.position === 'absolute';
        }
      }
      if (found.size > 1000) break;
    }
    return [...found].map(([element, side]) => [element, `text is cut ${side}`]);
  };"""

#: Elements with most of the page in them that a media query of orientation turns by a quarter.
_TURNED = """const turned = () => {
    const found = new Map(), all = document.body.textContent.trim().length;
    const quarter = (property, value) => {
      try {
        const matrix = new DOMMatrix(property === 'rotate' ? `rotate(${value})` : value);
        const angle = Math.abs(Math.atan2(matrix.b, matrix.a) * 180 / Math.PI);
        return Math.abs(angle - 90) < 5;
      } catch { return false; }
    };
    const look = (rules, within) => {
      for (const rule of rules) {
        const turns = within || (rule.media && /orientation\\s*:/.test(rule.media.mediaText));
        if (rule.style && within && ['transform', 'rotate'].some(one => quarter(one, rule.style[one]))) {
          for (const element of document.querySelectorAll(rule.selectorText))
            if (element.textContent.trim().length >= all * .8) found.set(element, rule.cssText.slice(0, 200));
        }
        if (rule.cssRules) look(rule.cssRules, turns);
      }
    };
    for (const sheet of document.styleSheets) {
      try { look(sheet.cssRules, /orientation\\s*:/.test(sheet.media.mediaText)); } catch { continue; }
    }
    return [...found];
  };"""

#: Sound and video as far as their beginnings tell: ``silent`` where a video has no sound, null where that is not known.
_MEDIA = """const media = async () => {
    const all = [...document.querySelectorAll('audio,video')].slice(0, 20);
    const ready = one => one.readyState > 0 || new Promise(done => {
      one.addEventListener('loadedmetadata', done, {once: true});
      if (one.preload === 'none') { one.preload = 'metadata'; one.load(); }
    });
    await Promise.race([Promise.all(all.map(ready)), new Promise(done => setTimeout(done, 1500))]);
    return all.map(one => {
      let silent = null;
      try {
        if (one.readyState > 0) {
          const stream = one.captureStream();
          silent = stream.getAudioTracks().length === 0;
          for (const track of stream.getTracks()) track.stop();
        }
      } catch {}
      const box = one.getBoundingClientRect();
      return {
        where: place(one), markup: one.outerHTML.slice(0, 1000), tag: one.localName, autoplay: one.autoplay,
        muted: one.muted || one.defaultMuted || one.volume === 0, controls: one.controls, silent,
        shown: one.checkVisibility({visibilityProperty: true}) && box.width > 1 && box.height > 1,
        seconds: isFinite(one.duration) ? one.duration : null, source: one.currentSrc.slice(0, 2000),
        tracks: [...one.textTracks].map(track => track.kind).slice(0, 20),
      };
    });
  };"""

#: The text that is seen on each control that attributes name, without glyphs of fonts of icons.
_LABELS = """const labels = () => {
    const icons = /icon|symbol|glyph|awesome|dingbat/i, found = [];
    for (const control of [...document.querySelectorAll('[aria-label],[aria-labelledby]')].slice(0, 1000)) {
      if (control.closest('svg') || ['input', 'select', 'textarea', 'iframe'].includes(control.localName)) continue;
      const parts = [];
      const read = (node, depth) => {
        for (const child of node.childNodes) {
          if (child.nodeType === Node.TEXT_NODE) {
            if (!child.data.trim()) parts.push(' ');
            else if (seen(child, control).length && !icons.test(getComputedStyle(node).fontFamily))
              parts.push(child.data.replace(/\\s+/g, ' '));
          } else if (child.localName === 'br') {
            parts.push(' ');
          } else if (child instanceof HTMLElement && depth < 30 &&
              !child.matches('script,style,template,noscript,select,textarea,object,video,audio,iframe')) {
            const shown = getComputedStyle(child).display;
            const edge = shown === 'inline' || shown === 'contents' ? '' : /^inline-/.test(shown) ? '\\u2060' : '\\n';
            parts.push(edge);
            read(child, depth + 1);
            parts.push(edge);
          }
        }
      };
      read(control, 0);
      const text = parts.join('').slice(0, 1000);
      found.push({where: place(control), markup: control.outerHTML.slice(0, 1000), text});
    }
    return found;
  };"""

_ALL = (
    """(async most => {
  PLACE
  SEEN
  CLIPPED
  TURNED
  MEDIA
  LABELS
  const told = found => ({count: found.length, nodes: found.slice(0, most).map(
    ([element, why]) => ({where: place(element), markup: element.outerHTML.slice(0, 1000), why}))});
  return JSON.stringify({clipped: told(clipped()), turned: told(turned()), labels: labels(),
    media: await media()}).toWellFormed();
})(%d)""".replace("PLACE", PLACE)
    .replace("CLIPPED", _CLIPPED)
    .replace("TURNED", _TURNED)
    .replace("MEDIA", _MEDIA)
    .replace("SEEN", SEEN)
    .replace("LABELS", _LABELS)
)


@frozen
class Measured:
    """What was measured in a page."""

    barriers: tuple[Barrier, ...] = ()
    media: tuple[Media, ...] = ()
    labels: tuple[Label, ...] = ()


def measure(tab: Tab, world: int, *, seconds: float) -> Measured:
    """Elements of the page by what they do, its sound and video, and what is seen on controls."""
    found = tab.run(world, _ALL % _QUOTES, seconds=min(seconds, _SECONDS)).get("value")
    if not isinstance(found, str):
        raise Malformed("the page's measurements were not told")
    told = orjson.loads(found)
    barriers = tuple(barrier(rule, told[key]) for rule, key in ((CLIPPED, "clipped"), (TURNED, "turned")))
    labels = (
        Label(where=one["where"][:_TEXT], markup=quote(one["markup"], ""), text=one["text"]) for one in told["labels"]
    )
    return Measured(
        barriers=tuple(one for one in barriers if one.count),
        media=tuple(map(_media, told["media"])),
        labels=tuple(labels),
    )


def barrier(rule: str, told: dict[str, Any]) -> Barrier:
    """Elements that a script of ours named, ``{count, nodes: [{where, markup, why}]}``, as evidence."""
    quoted = tuple(
        Evidence(kind="element", value=quote(node["markup"], node["why"]), where=node["where"][:_TEXT])
        for node in told["nodes"]
    )
    return Barrier(rule=rule, undecided=False, evidence=quoted, count=told["count"])


def quote(markup: str, why: str) -> str:
    """The beginning of an element on one line, with what is wrong with it."""
    start = " ".join(markup.split())[:_TEXT]
    return f"{start} ({why[:_TEXT]})" if why else start


def _media(told: dict[str, Any]) -> Media:
    return Media(
        where=told["where"][:_TEXT],
        markup=quote(told["markup"], ""),
        tag=told["tag"],
        autoplay=told["autoplay"],
        muted=told["muted"],
        controls=told["controls"],
        shown=told["shown"],
        silent=told["silent"],
        seconds=told["seconds"],
        source=told["source"],
        tracks=tuple(told["tracks"]),
    )
