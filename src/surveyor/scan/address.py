"""URLs as text: their one spelling, their host, and whether they carry a password."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from surveyor.scan.patterns import regex

_DEFAULT_PORTS = {"http": 80, "https": 443}
#: Wider than any parser: a backslash counts as a slash; and where the port is none, an @ further on shows that it was
#: to be a password, one with a slash in it.
_USERINFO = regex(
    r"[a-z][a-z0-9+.-]*:[/\\]+([^/?#]*|[^/?#\[\]]*:[^/?#\[\]]*[^0-9/?#\[\]].*)@", re.IGNORECASE | re.DOTALL
)


def normal(url: str) -> str:
    """One spelling of a URL: scheme and host in lower case, no default port, no fragment, a path."""
    split = urlsplit(url)
    scheme, host = split.scheme.lower(), (split.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    port = "" if split.port in {None, _DEFAULT_PORTS.get(scheme)} else f":{split.port}"
    return urlunsplit((scheme, host + port, split.path or "/", split.query, ""))


def host_of(url: str) -> str:
    """A URL's host in lower case, an IPv6 address without brackets; empty for what is no URL."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def has_userinfo(url: str) -> bool:
    """Whether a URL carries a user name or password; such a one is refused and must not be told."""
    return _USERINFO.match(url) is not None
