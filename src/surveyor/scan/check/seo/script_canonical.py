"""A canonical link that scripts set. Google advises against it: where one is served, a script must not name another.

"JavaScript SEO basics" (Search Central): set it in the markup; or leave it out there and have scripts set exactly one.
"""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import rendering
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.linking import links, same
from surveyor.scan.model import Domain

_WHERE = "link[rel=canonical]"


def judge(document: Document, shown: Document) -> Iterable[Outcome]:
    """Set only by scripts, another one than was served, or taken away."""
    if not rendering.happens(document):
        return
    served, late = _addresses(document), _addresses(shown)
    told = rendering.told(", ".join(served), ", ".join(late), _WHERE)
    if late and not served:
        yield Outcome(key="added", evidence=told)
    elif served and not late:
        yield Outcome(key="removed", evidence=told)
    elif served and not all(any(same(one, other) for other in served) for one in late):
        yield Outcome(key="changed", evidence=told)


def _addresses(document: Document) -> list[str]:
    return [link.url for link in links(document, "canonical") if link.place != "body" and link.url][:20]


CHECK = Check(
    id="seo_script_canonical",
    version=1,
    domain=Domain.SEO,
    outcomes=("added", "changed", "removed"),
    needs=Needs.SHOWN,
    shown=judge,
)
