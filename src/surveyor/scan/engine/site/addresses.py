"""Addresses as a crawler tells them apart: one key for all spellings, one form for all that differ by a value."""

from __future__ import annotations

import functools
import re
from collections import Counter
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from surveyor.scan.address import normal
from surveyor.scan.patterns import regex

#: Parameters that name a visit, and say nothing about what is shown.
_VISITS = regex(
    r"utm_\w+|gclid|fbclid|msclkid|mc_[ce]id|_ga|yclid|ref_src|s_?id|sess(?:ion)?_?(?:id)?|phpsessid|aspsessionid\w*"
    r"|jsessionid|cfid|cftoken|zenid|oscsid|sessionid",
    re.IGNORECASE,
)
_IN_PATH = regex(r";(?:jsessionid|sid|phpsessid)=[^/?#]*|/\((?:S|X)\([0-9a-z]+\)\)", re.IGNORECASE)
_UNIQUE = regex(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[^/]*[0-9])[0-9a-f]{8,}", re.IGNORECASE)
_WORDS = regex(r"[^\W\d_]+(?:[-_][^\W\d_]*){2,}", re.UNICODE)
_DIGITS = regex(r"[0-9]+")
_SAFE = "/:@!$&'()*+,;=~-._"
_LONGEST, _DEEPEST, _PARAMETERS = 2_000, 20, 12
#: Folders that come so often in one path, where it is that deep at least, are a link that is relative to itself.
_REPEATED, _DEEP = 3, 6
#: Names that say that no page is behind them.
_FILES = regex(
    r"\.(?:7z|apk|avi|avif|bin|bmp|bz2|css|csv|deb|dmg|docx?|eot|epub|exe|flac|gif|gz|ico|iso|jar|jpe?g|js|json|m4[av]"
    r"|mjs|mkv|mov|mp[34]|mpe?g|msi|od[pst]|og[agv]|otf|pdf|png|pptx?|rar|rpm|rss|svgz?|tar|tgz|tiff?|torrent|ttf|txt"
    r"|wasm|wav|web[mp]|whl|woff2?|xlsx?|xml|xz|zip|zst)\Z",
    re.IGNORECASE,
)
#: What would end the visit that somebody's headers stand for.
_LEAVING = regex(r"(?:^|[^a-z])(?:log|sign)[-_]?(?:out|off)(?:[^a-z]|$)", re.IGNORECASE)


def asked(url: str) -> str:
    """An address as it is asked for: without what names a visit, and without a fragment."""
    split = urlsplit(normal(url))
    kept = "&".join(
        part for part in split.query.split("&") if part and not _VISITS.fullmatch(unquote(part.partition("=")[0]))
    )
    return urlunsplit((split.scheme, split.netloc, _IN_PATH.sub("", split.path) or "/", kept, ""))


@functools.lru_cache(maxsize=1 << 13)
def key(url: str) -> str:
    """What all spellings of an address share: letters that need no encoding as they are, parameters in order."""
    split = urlsplit(asked(url))
    path = quote(unquote(split.path, errors="surrogateescape"), safe=_SAFE, errors="surrogateescape")
    pairs = sorted(parse_qsl(split.query, keep_blank_values=True, max_num_fields=None))
    return urlunsplit((split.scheme, split.netloc, path, urlencode(pairs), ""))


def form(url: str) -> str:
    """The address without its values: ``/blog/{words}?page``, ``/product/{n}``."""
    split = urlsplit(asked(url))
    names = sorted({unquote(part.partition("=")[0])[:50] for part in split.query.split("&") if part})
    path = "/".join(_segment(part) for part in split.path.split("/"))
    return f"{split.netloc}{path}{'?' if names else ''}{'&'.join(names)}"


def _segment(part: str) -> str:
    stem, dot, ending = part.rpartition(".") if "." in part else (part, "", "")
    if not dot:
        stem = part
    if _UNIQUE.fullmatch(stem):
        stem = "{id}"
    elif _WORDS.fullmatch(_DIGITS.sub("", unquote(stem))) or len(stem) > 30:
        stem = "{words}"
    else:
        stem = _DIGITS.sub("{n}", stem)
    return f"{stem}{dot}{ending}"


def unfit(url: str, *, visiting: bool) -> str | None:
    """Why nobody asks for an address of the site: a reason of ``site.told``; ``visiting`` is by somebody's headers."""
    split = urlsplit(url)
    parts = [part for part in split.path.split("/") if part]
    if len(url) > _LONGEST or len(parts) > _DEEPEST or split.query.count("&") >= _PARAMETERS:
        return "trap"
    if len(parts) >= _DEEP and max(Counter(parts).values()) >= _REPEATED:
        return "trap"
    if _FILES.search(split.path):
        return "not_html"
    if visiting and _LEAVING.search(f"{split.path}?{split.query}"):
        return "leaving"
    return None
