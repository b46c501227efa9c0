"""What is known of flaws and of the feeds behind it, as phrases for people: in a terminal, a file and on a page.

They take plain values, since whoever tells them may hold a report's finding or a row of a table.
"""

from __future__ import annotations

from datetime import datetime

from surveyor.scan.patterns import regex
from surveyor.scan.vocabulary import counted, spoken

#: Feeds as people call them; what is not here goes by its own name.
_FEEDS = {
    "alpine": "Alpine's secdb",
    "cpe": "NVD's product names",
    "debian": "Debian's security tracker",
    "epss": "EPSS",
    "kev": "CISA KEV",
    "nvd": "NVD",
    "nvd@nist.gov": "NVD",
    "osv": "OSV",
    "redhat": "Red Hat",
    "ubuntu": "Ubuntu",
}
_UNFIXED = {
    "not_fixed": "no fix known",
    "will_not_fix": "will not be fixed",
    "fix_deferred": "fix put off",
    "under_investigation": "under investigation",
    "end_of_life": "release gets no more fixes",
    "unknown": "no fixed version named",
}
_WHY_UNFIXED = {
    "not_fixed": "No source names a version without it yet.",
    "will_not_fix": "The vendor has said that it will not fix it in this release.",
    "fix_deferred": "The vendor has put off a fix, usually since it finds the risk small.",
    "under_investigation": "The vendor is still finding out whether and how it is affected.",
    "end_of_life": "This release gets no more fixes: a newer release has to take its place.",
    "unknown": "The sources list versions that have it and name none that mends it.",
}
_RULINGS = {
    "only": "{} alone speaks of it.",
    "agree": "All sources agree; {} counts most.",
    "vendor": "{} outranks the sources that say otherwise, as the vendor knows what it built.",
    "headers": "{} speaks of the kernel, of which only headers are here: nothing of it runs.",
    "any": "Sources of one rank disagree; {} calls it affected, and one of them is enough.",
}
#: Below the first an estimate is not written as 0%, above the second not as 100%.
_LEAST, _MOST = 0.001, 0.99


def feed(name: str) -> str:
    """A feed, and its scope where it has one: ``osv:Debian`` is ``OSV (Debian)``."""
    head, _, scope = name.partition(":")
    known = _FEEDS.get(head.lower(), head)
    return f"{known} ({scope})" if scope else known


def unfixed(state: str | None) -> str:
    """Why nothing mends it, in a few words that may stand in a cell."""
    return _UNFIXED.get(state or "not_fixed") or spoken(state or "")


def why_unfixed(state: str | None) -> str:
    """The same as a sentence; nothing where nobody has said why."""
    return _WHY_UNFIXED.get(state or "", "")


def ruled(by: str | None) -> str:
    """Whose word decided, as a sentence; ``by`` is a finding's ``ruled_by``, such as ``vendor:redhat``."""
    rule, _, source = (by or "").partition(":")
    return _RULINGS[rule].format(feed(source)) if rule in _RULINGS and source else ""


def likelihood(score: float) -> str:
    """A probability 0..1 in percent, with the digits that a reader compares by."""
    if 0 < score < _LEAST:
        return "under 0.1%"
    if _MOST <= score < 1:
        return f"{int(score * 1000) / 10}%"
    return f"{score:.1%}" if score < 0.1 else f"{score:.0%}"


def percentile(value: float) -> str:
    """How a score stands among all: ``higher than 96% of all flaws``."""
    return f"higher than {min(int(value * 1000) / 10, 99.9):g}% of all scored flaws"


def exploited(listed: bool | None, *, ransomware: bool | None = None) -> str:
    """That attackers are known to use it; nothing where they are not, or where nobody looked."""
    if not listed:
        return ""
    return "exploited (KEV, ransomware)" if ransomware else "exploited (KEV)"


def age(date: datetime, now: datetime) -> str:
    """How old data is: ``today``, ``1 day old``; data of tomorrow is of today, since clocks differ."""
    days = (now - date).days
    return f"{counted(days, 'day')} old" if days > 0 else "today"


_PICTURE = regex(r"data:image/(?:webp|png|jpeg);base64,[A-Za-z0-9+/]{1,200000}={0,2}")


def is_picture(address: str) -> bool:
    """Whether an address is a small picture in itself, and nothing else: it can be shown as it is."""
    return _PICTURE.fullmatch(address) is not None
