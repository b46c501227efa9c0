"""PageSpeed Insights v5: a Lighthouse run on Google's machines and, for visited pages, what real visitors saw.

The service gets the page's URL and our key, so the key stands in a request line; nothing here repeats that line.
Statuses 429 and 500 are asked again once. An answer of 200 may hold a ``runtimeError``: then nothing was measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import orjson

from surveyor.scan.errors import Malformed, NotConfigured, Unreachable
from surveyor.scan.gather.interface import Errand, Gatherer
from surveyor.scan.net import Client, Response
from surveyor.scan.settings import AllowedHost, Settings
from surveyor.scan.speed import Metric, Speed

_PATH = "/pagespeedonline/v5/runPagespeed"
_ANSWER_BYTES = 16 << 20
_RETRY = frozenset({429, 500, 502, 503})
_PAUSE_SECONDS = 1.0
#: A second run takes as long as the first; with less time than this it is not begun.
_RUN_SECONDS = 5.0
_TEXT = 200

#: Ours, the laboratory's audit, and the field metric with the factor from its integer to our unit.
_METRICS = (
    ("lcp", "largest-contentful-paint", "LARGEST_CONTENTFUL_PAINT_MS", 1.0),
    ("cls", "cumulative-layout-shift", "CUMULATIVE_LAYOUT_SHIFT_SCORE", 0.01),
    ("inp", "interaction-to-next-paint", "INTERACTION_TO_NEXT_PAINT", 1.0),
    ("fcp", "first-contentful-paint", "FIRST_CONTENTFUL_PAINT_MS", 1.0),
    ("tbt", "total-blocking-time", "", 1.0),
    ("si", "speed-index", "", 1.0),
)


def gather(errand: Errand) -> Speed:
    """Have the page measured on a phone; raises ``NotConfigured`` without a key."""
    settings = errand.settings
    if not settings.psi_key:
        raise NotConfigured("performance needs a PageSpeed Insights key: set SURVEYOR_PSI_KEY")
    if settings.offline:
        raise NotConfigured("performance needs PageSpeed Insights, and this scan is offline")
    answer = _ask(errand, settings.psi_key)
    body = _object(answer.body) if not answer.truncated else {}
    if answer.status != 200:
        raise Unreachable(f"PageSpeed Insights answered {answer.status}: {_told(body, settings.psi_key)}")
    lighthouse = _part(body, "lighthouseResult")
    failure = _part(lighthouse, "runtimeError")
    # no set: what was sent may be a list
    if failure.get("code") not in (None, "", "NO_ERROR"):
        raise Unreachable(f"PageSpeed Insights could not measure the page: {_clean(failure['code'], settings.psi_key)}")
    metrics = (*_field(body), *_lab(lighthouse))
    if not metrics:
        raise Malformed("PageSpeed Insights sent no measurement")
    return Speed(
        url=errand.url,
        metrics=metrics,
        score=_number(_part(_part(lighthouse, "categories"), "performance").get("score")),
        engine=f"Lighthouse {str(lighthouse.get('lighthouseVersion', ''))[:20]}".strip(),
    )


def _ask(errand: Errand, key: str) -> Response:
    query = urlencode({"url": errand.url, "strategy": "MOBILE", "category": "PERFORMANCE", "key": key})
    url = f"{errand.settings.psi_base.rstrip('/')}{_PATH}?{query}"
    client = errand.client.with_settings(_allowing_base(errand.settings))
    answer = _once(client, url, errand)
    pause = _PAUSE_SECONDS * (1 + errand.jitter())
    if answer.status in _RETRY and errand.left > pause + _RUN_SECONDS:
        errand.sleep(pause)
        answer = _once(client, url, errand)
    return answer


def _once(client: Client, url: str, errand: Errand) -> Response:
    headers = {"Accept": "application/json"}
    return client.get(url, headers=headers, max_bytes=_ANSWER_BYTES, seconds=errand.left)


def _allowing_base(settings: Settings) -> Settings:
    """The operator set the service's address, so its host and port may be private; nothing else is allowed by that."""
    base = urlsplit(settings.psi_base)
    port = base.port or {"http": 80, "https": 443}.get(base.scheme)
    return replace(settings, allow_hosts=(AllowedHost(host=base.hostname or "", port=port),))


def _field(body: Mapping[str, Any]) -> tuple[Metric, ...]:
    experience = _part(body, "loadingExperience")
    if experience.get("origin_fallback"):
        return ()  # numbers of the whole origin say nothing sure about this page
    metrics = _part(experience, "metrics")
    found = (
        (ours, _number(_part(metrics, name).get("percentile")), factor) for ours, _, name, factor in _METRICS if name
    )
    return tuple(
        Metric(id=ours, value=value * factor, source="field") for ours, value, factor in found if value is not None
    )


def _lab(lighthouse: Mapping[str, Any]) -> tuple[Metric, ...]:
    audits = _part(lighthouse, "audits")
    found = ((ours, _number(_part(audits, audit).get("numericValue"))) for ours, audit, _, _ in _METRICS)
    return tuple(Metric(id=ours, value=value, source="lab") for ours, value in found if value is not None)


def _told(body: Mapping[str, Any], key: str) -> str:
    error = _part(body, "error")
    errors = error.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    parts = (first.get("reason"), error.get("message"))
    return ": ".join(_clean(part, key) for part in parts if part) or "without a reason"


def _clean(text: object, key: str) -> str:
    """The service's words, short and without our key, should it repeat it."""
    return str(text).replace(key, "***").replace(quote_plus(key), "***")[:_TEXT]


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _part(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A member that should be an object; anything else counts as empty."""
    part = value.get(name)
    return part if isinstance(part, dict) else {}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        return None
    return float(value)


GATHERER = Gatherer(id="psi", version=1, gather=gather)
