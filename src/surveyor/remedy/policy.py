"""Reads a policy: named rules in YAML, each of which fails or warns when a finding or a package breaks it."""

from __future__ import annotations

from surveyor.remedy import licence, rule
from surveyor.remedy.decisions.own import VERSION, selector
from surveyor.remedy.decisions.statement import Scope
from surveyor.remedy.document import Entry
from surveyor.remedy.glob import Glob
from surveyor.remedy.rule import Condition, Rule
from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.model import Domain, Tier

_RULES = 1_000
_LONGEST = 200
#: What else such a file may hold, read elsewhere: decisions.
_OTHERS = ("ignore", "products")


def read(document: object) -> tuple[Rule, ...]:
    """The rules of a file that was read; raises ``Malformed`` naming the key that is wrong."""
    top = Entry({} if document is None else document, "")
    for key in _OTHERS:
        top.take(key)
    if (version := top.text("version")) not in {None, VERSION}:
        raise Malformed(f"version: {version!r} is not read, only {VERSION}")
    found: list[Rule] = []
    for entry in top.entries("policy"):
        found.append(_rule(entry))
        if len(found) > _RULES:
            raise LimitExceeded(f"more than {_RULES:,} rules")
    top.done()
    unique(found)
    return tuple(found)


def unique(rules: list[Rule]) -> None:
    """Raise when two rules have one name: a verdict names the rule."""
    names = [one.name for one in rules]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Malformed(f"two rules are called {twice!r}")


def _rule(entry: Entry) -> Rule:
    name = entry.text("name")
    if not name or len(name) > _LONGEST or not name.isprintable():
        raise Malformed(f"{entry.place}: a rule needs a name, of {_LONGEST} characters at most")
    action = entry.choice("then", (rule.FAIL, rule.WARN)) or rule.FAIL
    when, licences = entry.entry("when"), entry.entry("licences")
    entry.done()
    if (when is None) is (licences is None):
        raise Malformed(f"{entry.place}: a rule is about findings (when) or about packages (licences)")
    if when is not None:
        return Rule(name=name, action=action, conditions=_conditions(when))
    assert licences is not None
    return _licences(licences, name, action)


def _licences(entry: Entry, name: str, action: str) -> Rule:
    allow, deny = entry.texts("allow"), entry.texts("deny")
    types = frozenset(entry.texts("type", "types"))
    spared = tuple(selector(text, entry.place) for text in entry.texts("except"))
    entry.done()
    if not (allow or deny):
        raise Malformed(f"{entry.place}: neither allows nor denies anything")
    return Rule(
        name=name,
        action=action,
        licences=licence.read(allow, deny),
        spared=Scope(packages=spared) if spared else None,
        types=types,
    )


def _conditions(entry: Entry) -> tuple[Condition, ...]:
    """All keys of a rule, each a condition."""
    place = entry.place
    found: list[Condition] = []
    if words := entry.texts("severity"):
        found.append(rule.severity(words, f"{place}.severity"))
    for key, condition in (("epss", rule.epss), ("priority", rule.priority), ("age", rule.age)):
        if (text := entry.text(key)) is not None:
            found.append(condition(text, f"{place}.{key}"))
    for key, flag in (("fixable", rule.fixable), ("kev", rule.known_exploited), ("new", rule.new)):
        if (wanted := entry.flag(key)) is not None:
            found.append(flag(wanted))
    if words := _words(entry, "domain", tuple(Domain)):
        found.append(rule.one_of("domain", words, lambda finding: (finding.domain.value,)))
    if words := _words(entry, "tier", tuple(Tier)):
        found.append(rule.one_of("tier", words, lambda finding: (finding.tier.value,) if finding.tier else ()))
    if words := entry.texts("id", "ids"):
        found.append(rule.one_of("id", words, lambda finding: (*finding.ids, finding.rule)))
    if words := entry.texts("type", "types"):
        found.append(rule.one_of("type", words, lambda finding: (rule.type_of(finding),)))
    scope = Scope(
        packages=tuple(selector(text, place) for text in entry.texts("package", "packages")),
        paths=tuple(Glob(text) for text in entry.texts("path", "paths")),
        urls=tuple(Glob(text) for text in entry.texts("url", "urls")),
    )
    if scope != Scope():
        found.append(rule.within(scope))
    entry.done()
    if not found:
        raise Malformed(f"{place}: names no condition, and would be broken by everything")
    return tuple(found)


def _words(entry: Entry, key: str, known: tuple[str, ...]) -> tuple[str, ...]:
    words = entry.texts(key)
    odd = next((word for word in words if word not in known), None)
    if odd is not None:
        raise Malformed(f"{entry.place}.{key}: {odd[:80]!r} is none of {', '.join(known)}")
    return words
