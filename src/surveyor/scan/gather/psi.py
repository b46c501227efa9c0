"""PageSpeed Insights v5: a Lighthouse run on Google's machines and, for visited pages, what real visitors saw.

The service gets the page's URL and our key, so the key stands in a request line; nothing here repeats that line. It
says nothing until it has measured. Busy answers (429, 5xx) are asked again while there is time, unless it is the day's
quota that is spent. An answer of 200 may hold a ``runtimeError``: then nothing was measured. What it answers is never
kept for another scan: one that is to prove a fix must not see what was before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from surveyor.scan.errors import Declined, LimitExceeded, Malformed, NotConfigured, ScanError, Unreachable
from surveyor.scan.figures import Engine
from surveyor.scan.formats import lighthouse
from surveyor.scan.formats.json import load_object
from surveyor.scan.gather.interface import Errand, Gatherer
from surveyor.scan.net import Client, Response
from surveyor.scan.patterns import regex
from surveyor.scan.settings import AllowedHost, Settings
from surveyor.scan.speed import Metric, Source, Speed

_PATH = "/pagespeedonline/v5/runPagespeed"
_ANSWER_BYTES = 16 << 20
#: 403 is what some of Google's services say instead of 429.
_BUSY = frozenset({429, 500, 502, 503, 504})
_BUSY_REASONS = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
_ATTEMPTS, _PAUSE_SECONDS = 4, 1.0
#: A second run takes as long as the first; with less time than this it is not begun.
_RUN_SECONDS = 5.0
#: Between two questions about one origin, which is said to answer 500 after many.
_SPACING_SECONDS = 2.0
_TEXT = 200
#: What Lighthouse says of pages that it could not measure, for whose sake another run is not begun.
_OF_PAGE = regex(
    r"\b(NO_FCP|NO_LCP|NOT_HTML|(?:FAILED|ERRORED|INSECURE)_DOCUMENT_REQUEST|CHROME_INTERSTITIAL_ERROR|DNS_FAILURE"
    r"|PAGE_HUNG|INVALID_URL)\b"
)

#: Metrics of real visits, and the factor from the integer to our unit.
_FIELD = (
    ("lcp", "LARGEST_CONTENTFUL_PAINT_MS", 1.0),
    ("cls", "CUMULATIVE_LAYOUT_SHIFT_SCORE", 0.01),
    ("inp", "INTERACTION_TO_NEXT_PAINT", 1.0),
    ("fcp", "FIRST_CONTENTFUL_PAINT_MS", 1.0),
    ("ttfb", "EXPERIMENTAL_TIME_TO_FIRST_BYTE", 1.0),
)


def gather(errand: Errand) -> Speed:
    """Have the page measured on the errand's device.

    Raises ``NotConfigured`` without a key, ``Declined`` where the service did not try, else what it says of the page.
    """
    settings = errand.settings
    if not settings.psi_key:
        raise NotConfigured("performance needs a PageSpeed Insights key: set SURVEYOR_PSI_KEY")
    if settings.offline:
        raise NotConfigured("performance needs PageSpeed Insights, and this scan is offline")
    body = _ask(errand, settings.psi_key)
    result = _part(body, "lighthouseResult")
    if failure := lighthouse.failure(result):
        told = _clean(failure, settings.psi_key)
        raise Unreachable(f"PageSpeed Insights could not measure the page: {told}")
    field = tuple(_field(body))
    if not field:
        return lighthouse.read(result, url=errand.url, by=Engine.PSI, device=errand.device)
    try:
        speed = lighthouse.read(result, url=errand.url, by=Engine.PSI, device=errand.device)
    except Malformed:
        return Speed(url=errand.url, metrics=field, engine="PageSpeed Insights", by=Engine.PSI, device=errand.device)
    return replace(speed, metrics=(*field, *speed.metrics))


def _ask(errand: Errand, key: str) -> Mapping[str, Any]:
    """The service's answer, asked for until it is one; raises as ``gather`` does."""
    asked = {"url": errand.url, "strategy": errand.device.value.upper(), "category": "PERFORMANCE", "locale": "en"}
    url = f"{errand.settings.psi_base.rstrip('/')}{_PATH}?{urlencode({**asked, 'key': key})}"
    client = errand.client.with_settings(_allowing_base(errand.settings))
    errand.pace.wait(_origin(errand.url), every=_SPACING_SECONDS, clock=errand.clock, sleep=errand.sleep)
    for attempt in range(_ATTEMPTS):
        answer, body, error = _once(client, url, errand, key)
        if error is None:
            return body
        pause = _pause(attempt, answer, errand)
        if attempt + 1 == _ATTEMPTS or not _passing(answer, body) or errand.left <= pause + _RUN_SECONDS:
            raise error
        errand.sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def _once(
    client: Client, url: str, errand: Errand, key: str
) -> tuple[Response | None, Mapping[str, Any], ScanError | None]:
    """One answer with its body, and the error that it is, if it is one."""
    headers = {"Accept": "application/json"}
    try:
        answer = client.get(url, headers=headers, max_bytes=_ANSWER_BYTES, seconds=errand.left, patient=True)
    except ScanError as error:
        return None, {}, Declined(f"PageSpeed Insights gave no answer: {_clean(error, key)}")
    body: Mapping[str, Any] = {}
    with contextlib.suppress(Malformed, LimitExceeded):
        body = load_object(memoryview(answer.body))
    if answer.status == 200:
        return answer, body, None
    told = _told(body, key)
    if found := _OF_PAGE.search(told):
        return answer, body, Unreachable(f"PageSpeed Insights could not measure the page: {found[1]}")
    return answer, body, Declined(f"PageSpeed Insights answered {answer.status}: {told}")


def _passing(answer: Response | None, body: Mapping[str, Any]) -> bool:
    """Whether the same question may soon be answered."""
    if answer is None:
        return True
    told = _told(body, "")
    if "per day" in told or _OF_PAGE.search(told):
        return False
    return answer.status in _BUSY or _first(body).get("reason") in _BUSY_REASONS


def _pause(attempt: int, answer: Response | None, errand: Errand) -> float:
    """Seconds until the next attempt: twice as many each time, apart from others', or as many as the service asks."""
    asked = (answer.get("retry-after") or "") if answer else ""
    wanted = float(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 0.0
    return max(wanted, _PAUSE_SECONDS * float(2**attempt) * (1 + errand.jitter()))


def _origin(url: str) -> str:
    split = urlsplit(url)
    return f"{split.scheme}://{split.netloc}"


def _allowing_base(settings: Settings) -> Settings:
    """The operator set the service's address, so its host and port may be private; nothing else is allowed by that."""
    base = urlsplit(settings.psi_base)
    port = base.port or {"http": 80, "https": 443}.get(base.scheme)
    return replace(settings, allow_hosts=(AllowedHost(host=base.hostname or "", port=port),))


def _field(body: Mapping[str, Any]) -> Iterator[Metric]:
    """What visits of the page were like, and what those of its whole origin."""
    page = _part(body, "loadingExperience")
    origin = _part(body, "originLoadingExperience")
    if page.get("origin_fallback"):
        # too few visits of the page: these numbers are the origin's
        page, origin = {}, origin or page
    for experience, source in ((page, Source.FIELD), (origin, Source.ORIGIN)):
        metrics = _part(experience, "metrics")
        for ours, name, factor in _FIELD:
            value = _part(metrics, name).get("percentile")
            if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9:
                exact = float(value * factor)
                yield Metric(id=ours, value=exact, source=source, low=exact, high=exact)


def _told(body: Mapping[str, Any], key: str) -> str:
    error = _part(body, "error")
    parts = (_first(body).get("reason"), error.get("message"))
    return ": ".join(_clean(part, key) for part in parts if part) or "without a reason"


def _first(body: Mapping[str, Any]) -> Mapping[str, Any]:
    errors = _part(body, "error").get("errors")
    return errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}


def _clean(text: object, key: str) -> str:
    """The service's words, short and without our key, should it repeat it."""
    said = str(text)
    for secret in filter(None, (key, quote_plus(key))):
        said = said.replace(secret, "***")
    return said[:_TEXT]


def _part(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A member that should be an object; anything else counts as empty."""
    part = value.get(name)
    return part if isinstance(part, dict) else {}


GATHERER = Gatherer(id="psi", version=2, gather=gather)
