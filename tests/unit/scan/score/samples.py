"""Sites as they answered, from a few words; and the recorded ones of the Observatory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from surveyor.scan.check.document import Document
from surveyor.scan.evidence import Page, Step
from surveyor.scan.score.interface import Sample

ORIGIN = "https://stranger.example"


def page(
    *headers: tuple[str, str],
    url: str = "https://site.example/",
    status: int = 200,
    body: str = "",
    content_type: str = "text/html",
    **more: Any,
) -> Page:
    return Page(
        asked=url,
        url=url,
        status=status,
        headers=(("Content-Type", content_type), *headers),
        body=body.encode(),
        **more,
    )


def route(*urls: str, **more: Any) -> Page:
    """An answer at the end of redirects."""
    return page(url=urls[-1], hops=tuple(Step(url=url, status=301) for url in urls[:-1]), **more)


def sample(
    judged: Page | None = None,
    *,
    http: Page | None = None,
    https: Page | None = None,
    cors: Page | None = None,
    missed: dict[str, str] | None = None,
    preloaded: tuple[str, ...] = (),
    host: str = "site.example",
) -> Sample:
    """A site that is only what is named; ``https`` is the page itself when nothing else is said."""
    judged = judged or page()
    answers = {"http": http, "https": https or judged, "cors": cors}
    return Sample(
        host=host,
        document=Document(judged),
        answers=answers,
        origin=ORIGIN,
        missed=missed or {},
        preloaded=lambda name: name in preloaded,
    )


def recorded(shared: Path) -> list[tuple[dict[str, Any], Sample]]:
    """Every recorded vector with the sample that it describes."""
    folder = shared / "fixtures/headers"
    known = json.loads((folder / "hsts-preload-for-vectors.json").read_text())
    lines = (folder / "observatory_vectors.jsonl").read_text().splitlines()
    return [(vector, _sample(vector["input"], known)) for vector in map(json.loads, lines)]


def _sample(given: dict[str, Any], known: dict[str, Any]) -> Sample:
    url = given["session_url"]
    auto = _page(given["auto"], url, given["html"] or "")
    assert auto is not None
    routed = tuple(Step(url=hop["url"], status=hop["status"]) for hop in given["http_redirects"])
    http = _page(given["http"], routed[-1].url, hops=routed[:-1])
    https = _page(given["https"], url)
    answers = {"http": http, "https": https, "cors": _page(given["cors"], url)}

    def preloaded(host: str) -> bool:
        labels = host.split(".")
        parents = (known.get(".".join(labels[start:]), {}) for start in range(1, len(labels)))
        return host in known or any(parent.get("includeSubDomains") for parent in parents)

    origin = (given["cors"] or {}).get("request_headers", {}).get("origin", "")
    return Sample(host=given["site"], document=Document(auto), answers=answers, origin=origin, preloaded=preloaded)


def _page(given: dict[str, Any] | None, url: str, body: str = "", hops: tuple[Step, ...] = ()) -> Page | None:
    if given is None:
        return None
    headers = tuple(
        (name, text)
        for name, value in given["headers"].items()
        for text in (value if isinstance(value, list) else [value])
    )
    return Page(
        asked=url,
        url=url,
        status=given["status"],
        headers=headers,
        body=body.encode(),
        hops=hops,
        verified=given["verified"],
    )
