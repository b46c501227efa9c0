"""From what was gathered about a page to its scores."""

from __future__ import annotations

from collections.abc import Mapping

from surveyor.scan.address import host_of
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Needs
from surveyor.scan.evidence import Libraries, Schemes, Sharing, WellKnown
from surveyor.scan.figures import Score
from surveyor.scan.gather import Gathered
from surveyor.scan.model import Domain
from surveyor.scan.score import extended, lighthouse, observatory
from surveyor.scan.score.interface import Sample

#: What the grade rests on beside the page.
NEEDS = frozenset({Needs.SCHEMES, Needs.SHARING})
#: What each slot's scores rest on beside what its rules ask for.
GRADED = {Domain.SECURITY.value: NEEDS, Domain.SEO.value: frozenset({Needs.SITE})}
_UNSEEN = "no answer could be had"


def scores(
    url: str,
    document: Document,
    have: Mapping[Needs, Gathered | Libraries | None],
    came_to: Mapping[str, tuple[str, ...]],
) -> tuple[Score, ...]:
    """The grade of the page that ``url`` stands for, and the points beyond it."""
    schemes, sharing = have.get(Needs.SCHEMES), have.get(Needs.SHARING)
    missed: dict[str, str] = {}
    answers = {}
    if isinstance(schemes, Schemes):
        answers = {"http": schemes.http, "https": schemes.https}
        missed |= schemes.missed
    else:
        missed |= {scheme: _UNSEEN for scheme in ("http", "https") if not url.lower().startswith(f"{scheme}:")}
        answers = {"http" if not url.lower().startswith("https:") else "https": document.page}
    if isinstance(sharing, Sharing):
        answers["cors"] = sharing.preflight
        missed |= {"cors": sharing.missed["preflight"]} if sharing.missed else {}
    else:
        missed["cors"] = _UNSEEN
    origin = sharing.origin if isinstance(sharing, Sharing) else ""
    judged = _judged(document, answers.get("https"))
    if "https" in missed:
        graded = _without(url, f"over https {missed['https']}")
    else:
        graded = observatory.score(
            Sample(host=host_of(url), document=judged, answers=answers, origin=origin, missed=missed)
        )
    return graded, extended.score(url, came_to)


def seo(
    url: str,
    document: Document,
    have: Mapping[Needs, Gathered | Libraries | None],
    came_to: Mapping[str, tuple[str, ...]],
) -> tuple[Score, ...]:
    """The score of the page by Lighthouse's audits."""
    files = have.get(Needs.SITE)
    return (lighthouse.score(url, document, files if isinstance(files, WellKnown) else None, came_to),)


def _judged(document: Document, secure: object) -> Document:
    """The page over TLS where that is spoken, as browsers would come to it."""
    if secure is None or secure is document.page:
        return document
    return Document(secure)  # type: ignore[arg-type]


def _without(url: str, detail: str) -> Score:
    return Score(scanner=Domain.SECURITY, profile=observatory.PROFILE, asset=url, detail=detail)
