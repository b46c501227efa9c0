"""What values of schema.org's common properties must look like, as documentation of rich results asks for them.

Search Central, "Structured data": times by ISO 8601, prices without signs or separators, currencies by ISO 4217,
ratings within their scale, addresses that can be asked for. Properties that are not here are not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from surveyor.scan.patterns import regex

_DAY = r"\d{4}-\d\d(?:-\d\d)?"
_CLOCK = r"[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?"
_DATE = regex(rf"\d{{4}}|{_DAY}(?:{_CLOCK})?")
_SPAN = regex(r"P(?=.)(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?")
_PRICE = regex(r"\d{1,15}(?:\.\d{1,6})?")
_NUMBER = regex(r"-?\d{1,9}(?:\.\d{1,6})?")
_COUNT = regex(r"\d{1,12}")
_CURRENCY = regex(r"[A-Z]{3}")
_ADDRESS = regex(r"(?:https?://[^\s/?#]+|/|\.|[^\s:/?#]+(?:[/?#]|$))\S*", re.IGNORECASE)
_STOCK = regex(
    r"(?:https?://schema\.org/)?(?:BackOrder|Discontinued|InStock|InStoreOnly|LimitedAvailability|MadeToOrder|OnlineOnly"
    r"|OutOfStock|PreOrder|PreSale|Reserved|SoldOut)"
)
_KINDS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    (
        "datePublished dateModified dateCreated uploadDate startDate endDate validThrough datePosted priceValidUntil",
        _DATE,
        "is no time of ISO 8601",
    ),
    ("totalTime cookTime prepTime duration", _SPAN, "is no duration of ISO 8601"),
    ("price lowPrice highPrice", _PRICE, "is no plain number"),
    ("ratingValue bestRating worstRating", _NUMBER, "is no number"),
    ("ratingCount reviewCount offerCount", _COUNT, "is no whole number"),
    ("priceCurrency", _CURRENCY, "is no code of ISO 4217"),
    ("url image logo thumbnailUrl contentUrl embedUrl sameAs", _ADDRESS, "is no address"),
    ("availability", _STOCK, "is none of schema.org's"),
)
_FORMS = {name: (pattern, why) for names, pattern, why in _KINDS for name in names.split()}
_TEXT = 80


def wrong(values: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """What is wrong with the plain values of one thing, as ``property: value is no number``."""
    for name, said in values.items():
        if name not in _FORMS:
            continue
        pattern, why = _FORMS[name]
        yield from (f"{name}: {one.strip()[:_TEXT]!r} {why}" for one in said if not pattern.fullmatch(one.strip()))
    rating = _first(values, "ratingValue")
    if rating is not None:
        least, most = _first(values, "worstRating"), _first(values, "bestRating")
        low, high = 1.0 if least is None else least, 5.0 if most is None else most
        if not low <= rating <= high:
            yield f"ratingValue: {rating:g} is not from {low:g} to {high:g}"


def _first(values: Mapping[str, tuple[str, ...]], name: str) -> float | None:
    said = values.get(name, ())
    return float(said[0]) if said and _NUMBER.fullmatch(said[0].strip()) else None
