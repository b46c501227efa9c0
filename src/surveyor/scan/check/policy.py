"""A Content-Security-Policy as a browser combines it, and where it lets active content in.

The reading order follows MDN's HTTP Observatory (algorithm 6): a source survives only if every policy allows it; a
policy of less than six characters or with a repeated directive is void; a nonce or hash turns 'unsafe-inline' off, and
with 'strict-dynamic' every source that is not one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from surveyor.scan.values import frozen

_SHORTEST = 6
#: Without effect in a ``<meta>`` element (HTML standard).
_HEADER_ONLY = frozenset({"frame-ancestors", "report-uri", "sandbox"})
_REPEATABLE = frozenset({"report-uri", "report-to"})
_BROAD = frozenset({"*", "http:", "https:", "ftp:", "http://*", "https://*", "http://*.*", "https://*.*"})
_INLINE = frozenset({"'unsafe-inline'", "data:"})
_TRUSTED = ("'nonce-", "'sha256-", "'sha384-", "'sha512-")
_PASSIVE = ("img-src", "media-src")
_INSECURE = ("http:", "ftp:")
_NONE = frozenset({"'none'"})
_ANY = frozenset({"*"})
#: How many folders of a source are compared with another policy's.
_FOLDERS = 50


@frozen
class Policy:
    """Directives with their sources in lower case, of all policies together.

    ``broken`` ones could not be read; ``count`` is how many there were, ``repeated`` the names of directives that may
    be given twice and were.
    """

    directives: Mapping[str, frozenset[str]]
    broken: bool = False
    count: int = 1
    repeated: frozenset[str] = frozenset()

    def sources(self, directive: str) -> frozenset[str]:
        """The sources of a directive, else of ``default-src``, else everything."""
        for name in (directive, "default-src"):
            if name in self.directives:
                return self.directives[name]
        return _ANY

    @property
    def dangling(self) -> bool:
        """'strict-dynamic' with nothing to extend trust from blocks every script, or is ignored: nobody means it."""
        script = self.sources("script-src")
        return "'strict-dynamic'" in script and not _trusts(script)


@frozen
class Flags:
    """What a policy lets in, under the Observatory's names; nothing here says which of it matters."""

    anti_clickjacking: bool
    default_none: bool
    insecure_base_uri: bool
    insecure_form_action: bool
    insecure_scheme_active: bool
    insecure_scheme_passive: bool
    strict_dynamic: bool
    unsafe_eval: bool
    unsafe_inline: bool
    unsafe_inline_style: bool
    unsafe_objects: bool


def parse(headers: Iterable[str], metas: Iterable[str] = (), *, frames: bool = False) -> Policy | None:
    """Combine the policies of header values and meta elements; ``None`` when there are none.

    ``frames`` keeps what a meta element has no say about, for who asks whether it was written there.
    """
    texts = [(part, False) for value in headers for part in _policies(value)]
    texts += [(part, not frames) for value in metas for part in _policies(value)]
    combined: dict[str, frozenset[str]] = {}
    repeated: set[str] = set()
    broken, count = False, 0
    for text, meta in texts:
        directives = _directives(text, repeated, meta=meta)
        if directives is None:
            broken, count = True, count + 1
            continue
        count += bool(directives)
        for name, sources in directives.items():
            combined[name] = _both(combined[name], sources) if name in combined else sources
    if not count:
        return None
    if broken:
        return Policy(directives={}, broken=True, count=count)
    combined = {name: _effective(name, sources) for name, sources in combined.items()}
    return Policy(directives=combined, count=count, repeated=frozenset(repeated))


def flags(policy: Policy) -> Flags:
    """What the policy lets in; ``base-uri``, ``form-action`` and ``frame-ancestors`` have nothing to fall back to."""
    script, style, objects = (policy.sources(name) for name in ("script-src", "style-src", "object-src"))
    base, form, frames = (policy.directives.get(name, _ANY) for name in ("base-uri", "form-action", "frame-ancestors"))
    active = (sources for name, sources in policy.directives.items() if name.endswith("-src") and name not in _PASSIVE)
    return Flags(
        anti_clickjacking=not frames & _BROAD,
        default_none=policy.directives.get("default-src") == _NONE,
        insecure_base_uri=bool(base & (_BROAD | _INLINE)),
        insecure_form_action=bool(form & (_BROAD | _INLINE)),
        insecure_scheme_active=any(map(_insecure, active)),
        insecure_scheme_passive=any(_insecure(policy.sources(name)) for name in _PASSIVE),
        strict_dynamic="'strict-dynamic'" in script and _trusts(script),
        unsafe_eval="'unsafe-eval'" in script | style,
        unsafe_inline=bool(script & (_BROAD | _INLINE) or objects & _BROAD),
        unsafe_inline_style=bool(style & (_BROAD | _INLINE)),
        unsafe_objects=bool(objects & _BROAD),
    )


def weaknesses(policy: Policy, *, secure: bool) -> tuple[str, ...]:
    """What the policy lets in, as ``directive source`` pairs; empty when it restricts active content."""
    if policy.broken or policy.dangling:
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


def _policies(value: str) -> list[str]:
    """The policies of one value; empty elements of a list do not count (RFC 9110 §5.6.1), a value without any does."""
    return [part for part in value.split(",") if part.strip()] or [value]


def _directives(text: str, repeated: set[str], *, meta: bool) -> dict[str, frozenset[str]] | None:
    """The directives of one policy; ``None`` when it is void."""
    if len(text.strip()) < _SHORTEST:
        return None
    found: dict[str, frozenset[str]] = {}
    for part in text.split(";"):
        name, *sources = part.lower().split() or [""]
        if not name or (meta and name in _HEADER_ONLY):
            continue
        if name in found and name not in _REPEATABLE:
            return None
        if name in found:
            repeated.add(name)
        found[name] = _widest(frozenset(sources)) or _NONE
    return found


def _widest(sources: frozenset[str]) -> frozenset[str]:
    """Without those that another one includes: ``https://a.example/`` says nothing beside ``https:``."""
    return frozenset(source for source in sources if not _included(source, sources, itself=False))


def _both(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """What two policies allow, the narrower of two where one includes the other."""
    return (
        frozenset(
            [source for source in one if _included(source, other)]
            + [source for source in other if _included(source, one)]
        )
        or _NONE
    )


def _included(source: str, sources: frozenset[str], *, itself: bool = True) -> bool:
    """Whether a set holds the source, its scheme or a folder that it is in."""
    if itself and source in sources:
        return True
    scheme, found, rest = source.partition("://")
    if not found:
        return False
    if f"{scheme}:" in sources:
        return True
    at = rest.find("/")
    for _ in range(_FOLDERS):
        if at < 0:
            return False
        folder = source[: len(scheme) + 3 + at + 1]
        if folder != source and folder in sources:
            return True
        at = rest.find("/", at + 1)
    return False


def _trusts(sources: frozenset[str]) -> bool:
    return any(source.startswith(_TRUSTED) for source in sources)


def _insecure(sources: frozenset[str]) -> bool:
    return any(source.startswith(_INSECURE) for source in sources)


def _effective(name: str, sources: frozenset[str]) -> frozenset[str]:
    trusted = _trusts(sources)
    if trusted:
        sources -= {"'unsafe-inline'"}
    if trusted and name in {"script-src", "default-src"} and "'strict-dynamic'" in sources:
        sources = frozenset(source for source in sources if source.startswith("'") and source != "'self'")
    return sources
