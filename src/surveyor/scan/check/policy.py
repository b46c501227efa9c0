"""A Content-Security-Policy as a browser combines it, and where it lets active content in.

The reading order follows MDN's HTTP Observatory (algorithm 6): a source survives only if every policy has it; a policy
of less than six characters or with a repeated directive is void; a nonce or hash turns 'unsafe-inline' off, and with
'strict-dynamic' every source that is not one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_SHORTEST = 6
#: Without effect in a ``<meta>`` element (HTML standard).
_HEADER_ONLY = frozenset({"frame-ancestors", "report-uri", "sandbox"})
_REPEATABLE = frozenset({"report-uri", "report-to"})
_BROAD = frozenset({"*", "http:", "https:", "ftp:", "http://*", "https://*", "http://*.*", "https://*.*"})
_INLINE = frozenset({"'unsafe-inline'", "data:"})
_TRUSTED = ("'nonce-", "'sha256-", "'sha384-", "'sha512-")
_PASSIVE = frozenset({"img-src", "media-src"})
_INSECURE = ("http:", "ftp:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Directives with their sources in lower case, of all policies together; ``broken`` ones could not be read."""

    directives: dict[str, frozenset[str]]
    broken: bool = False

    def sources(self, directive: str) -> frozenset[str]:
        """The sources of a directive, else of ``default-src``, else everything."""
        for name in (directive, "default-src"):
            if name in self.directives:
                return self.directives[name]
        return frozenset({"*"})


def parse(headers: Iterable[str], metas: Iterable[str] = ()) -> Policy | None:
    """Combine the policies of header values and meta elements; ``None`` when there are none."""
    texts = [(part, False) for value in headers for part in value.split(",")]
    texts += [(part, True) for value in metas for part in value.split(",")]
    combined: dict[str, frozenset[str]] = {}
    seen = False
    for text, meta in texts:
        if not text.strip():
            continue
        directives = _directives(text, meta=meta)
        if directives is None:
            return Policy(directives={}, broken=True)
        seen = seen or bool(directives)
        for name, sources in directives.items():
            combined[name] = combined[name] & sources if name in combined else sources
    if not seen:
        return None
    combined = {name: _effective(name, sources) for name, sources in combined.items()}
    return Policy(directives=combined, broken=_dangling(combined))


def weaknesses(policy: Policy, *, secure: bool) -> tuple[str, ...]:
    """What the policy lets in, as ``directive source`` pairs; empty when it restricts active content."""
    if policy.broken:
        return (
            "policy that browsers read differently: a repeated directive, or 'strict-dynamic' without nonce or hash",
        )
    found = [f"script-src {source}" for source in policy.sources("script-src") & (_INLINE | _BROAD)]
    found += [f"object-src {source}" for source in policy.sources("object-src") & _BROAD]
    for name in ("script-src", "style-src"):
        if "'unsafe-eval'" in policy.sources(name):
            found.append(f"{name} 'unsafe-eval'")
    if secure:
        for name, sources in policy.directives.items():
            if name.endswith("-src"):
                found += [f"{name} {source}" for source in sources if source.startswith(_INSECURE)]
    return tuple(sorted(set(found)))


def _directives(text: str, *, meta: bool) -> dict[str, frozenset[str]] | None:
    """The directives of one policy; ``None`` when it is void."""
    if len(text.strip()) < _SHORTEST:
        return None
    found: dict[str, frozenset[str]] = {}
    for part in text.split(";"):
        name, *sources = part.split() or [""]
        name = name.lower()
        if not name or (meta and name in _HEADER_ONLY):
            continue
        if name in found and name not in _REPEATABLE:
            return None
        # nonces and hashes keep their case; everything else is compared without
        plain = frozenset(source if source.lower().startswith(_TRUSTED) else source.lower() for source in sources)
        found[name] = plain or frozenset({"'none'"} if name.endswith("-src") else ())
    return found


def _effective(name: str, sources: frozenset[str]) -> frozenset[str]:
    trusted = any(source.lower().startswith(_TRUSTED) for source in sources)
    if trusted:
        sources -= {"'unsafe-inline'"}
    if trusted and name in {"script-src", "default-src"} and "'strict-dynamic'" in sources:
        sources = frozenset(source for source in sources if source.startswith("'") and source != "'self'")
    return sources


def _dangling(directives: dict[str, frozenset[str]]) -> bool:
    """'strict-dynamic' with nothing to extend trust from blocks every script, or is ignored: nobody means it."""
    script = directives.get("script-src", directives.get("default-src", frozenset()))
    return "'strict-dynamic'" in script and not any(source.lower().startswith(_TRUSTED) for source in script)
