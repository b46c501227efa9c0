"""Elements of a page by the numbers that a trace has for them: where they are, and what is known of them.

DevTools Protocol domains DOM and Runtime. What a page answers is text of strangers, cut and typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveyor.scan.errors import Malformed
from surveyor.scan.formats.loose import part
from surveyor.scan.net.browser.measures import PLACE
from surveyor.scan.net.browser.tab import Tab

#: A function ``quoted`` of an element: the beginning of its own markup.
QUOTED = "const quoted = element => element.cloneNode(false).outerHTML.slice(0, 1000).toWellFormed();"

_ABOUT = (
    "function () {"
    + PLACE
    + QUOTED
    + """
  const element = this.nodeType === 1 ? this : this.parentElement;
  if (!element) return null;
  const background = /url\\(["']?(.*?)["']?\\)/.exec(getComputedStyle(element).backgroundImage);
  const link = element.localName === 'image' ? element.href && element.href.baseVal : '';
  const url = element.currentSrc || element.poster || link || (background && background[1]) || '';
  return {
    where: place(element), snippet: quoted(element),
    url: url && !url.startsWith('data:') ? new URL(url, document.baseURI).href.slice(0, 2000).toWellFormed() : '',
    lazy: element.loading === 'lazy', priority: element.getAttribute('fetchpriority') || '',
  };
}"""
)


def about(tab: Tab, node: int, world: int, *, seconds: float) -> Mapping[str, Any]:
    """What is known of a node, by the number that the browser has for it; empty where it is gone, or in a frame."""
    try:
        asked = {"backendNodeId": node, "executionContextId": world}
        found = part(tab.ask("DOM.resolveNode", asked, seconds=seconds), "object").get("objectId")
        if not isinstance(found, str):
            return {}
        call = {"objectId": found, "functionDeclaration": _ABOUT, "returnByValue": True}
        told = tab.ask("Runtime.callFunctionOn", call, seconds=seconds)
    except Malformed:
        return {}
    return part(told, "result", "value")
