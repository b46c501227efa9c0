"""What rules found on a page, in groups, to a model's explanations; and what they left undecided, to its verdicts.

Groups are made here, by rule and place in the page's template, never by the model. Its verdict says how sure one may be
of an entry that no rule decided; it takes no entry away, and over what a rule decided it has none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from surveyor.llm import prompts
from surveyor.llm.accessibility import MOST_CONFIDENT, QUESTION_BYTES, UNCITED, UNKNOWN, said
from surveyor.llm.interface import Answer, Attempt, Question
from surveyor.llm.redact import redact
from surveyor.scan.model import Evidence, Finding
from surveyor.scan.outline import Outline, template
from surveyor.scan.vocabulary import counted

NAME, VERSION = "explanation", "v1"
#: How sure one may be of an entry that no rule decided and of which a model sees no barrier, and for which of both.
LEAST_CONFIDENT = 0.1
BARRIER, NO_BARRIER, CANNOT_SAY = "barrier", "no_barrier", "cannot_say"
VERDICTS = {BARRIER: "barrier", NO_BARRIER: "no barrier", CANNOT_SAY: "cannot say"}
_GROUPS, _ELEMENTS, _NEAR = 60, 3, 2
#: What of an element is shown when there is room, and when there is not.
_MARKUP = (400, 200, 100)
_ELEMENT = "element"


class Explanation(BaseModel):
    """What the model says of one group."""

    model_config = ConfigDict(extra="ignore")

    group: str = Field(max_length=100)
    because: list[str] = Field(max_length=500)
    explanation: str = Field(max_length=8_000)


class Verdict(BaseModel):
    """What the model says of one element that no rule decided."""

    model_config = ConfigDict(extra="ignore")

    element: str = Field(max_length=100)
    verdict: str = Field(json_schema_extra={"enum": list(VERDICTS)})
    reason: str = Field(max_length=8_000)
    confidence: float = Field(ge=0, le=1)


class Explained(BaseModel):
    """The answer about one page's groups."""

    model_config = ConfigDict(extra="ignore")

    explanations: list[Explanation] = Field(max_length=500)
    verdicts: list[Verdict] = Field(max_length=2_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Elements of one finding (its place in the list) that stand in one place of the template: ``g3``, ``g3.e1`` …"""

    id: str
    finding: int
    place: str
    undecided: bool
    elements: tuple[Evidence, ...]

    def ids(self) -> list[str]:
        """Its elements' ids, in their order."""
        return [f"{self.id}.e{number}" for number in range(1, len(self.elements) + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The findings with a model's words among their evidence; ``verdicts`` counts what was undecided by verdict.

    ``undecided`` is how many such elements there are, ``left`` how many groups had no room in the question.
    """

    findings: tuple[Finding, ...]
    explained: int
    verdicts: Mapping[str, int]
    undecided: int
    left: int
    dropped: Mapping[str, int]
    model: str
    trail: tuple[Attempt, ...]


Ask = Callable[[Question[Explained]], Answer[Explained]]


def explain(url: str, findings: Sequence[Finding], page: Outline, ask: Ask) -> Judged | None:
    """Ask about what was found; ``None`` where there is nothing to ask about. Raises what the call raises."""
    groups = grouped(findings, page.undecided)
    asked, user = _fitting(url, findings, groups, page) if groups else ((), "")
    if not asked:
        return None
    answer = ask(question(user))
    return _judged(findings, groups, asked, answer)


def grouped(findings: Sequence[Finding], undecided: Collection[str]) -> list[Group]:
    """The elements of findings by rule and place in the template; what was left undecided first, then the worst."""
    made: list[tuple[int, str, bool, list[Evidence]]] = []
    for number, finding in enumerate(findings):
        by_place: dict[str, list[Evidence]] = {}
        for item in finding.evidence:
            if item.kind == _ELEMENT:
                by_place.setdefault(template(item.where or ""), []).append(item)
        made += [(number, place, finding.title in undecided, items) for place, items in by_place.items()]
    made.sort(key=lambda one: (not one[2], findings[one[0]].severity.rank))
    return [
        Group(id=f"g{place}", finding=number, place=where, undecided=doubt, elements=tuple(items))
        for place, (number, where, doubt, items) in enumerate(made, 1)
    ]


def question(user: str) -> Question[Explained]:
    """The groups as a question."""
    return Question(
        name=NAME, version=VERSION, system=prompts.load(NAME, VERSION), user=user, shape=Explained, max_tokens=6_000
    )


def summed(judged: Judged) -> str:
    """What a model did with what was found, in words."""
    told = [f"explained {counted(judged.explained, 'group')} of elements"] if judged.explained else []
    if judged.undecided:
        done = sum(judged.verdicts.values())
        each = ", ".join(f"{judged.verdicts.get(key, 0)} {words}" for key, words in VERDICTS.items())
        told.append(f"judged {done} of {counted(judged.undecided, 'undecided element')}: {each}")
    return "; ".join(told)


def _fitting(
    url: str, findings: Sequence[Finding], groups: Sequence[Group], page: Outline
) -> tuple[Sequence[Group], str]:
    """As many groups as one question has room for, with as much of each element as that allows."""
    near = _Near(page)
    asked = groups[:_GROUPS]
    while asked:
        for markup in _MARKUP:
            shown = [_shown(group, findings[group.finding], near, markup) for group in asked]
            user = redact(prompts.quoted({"page": url[:500], "groups": shown}))
            if len(user.encode()) <= QUESTION_BYTES:
                return asked, user
        asked = asked[: len(asked) * 3 // 4]
    return (), ""


def _shown(group: Group, finding: Finding, near: _Near, markup: int) -> dict[str, Any]:
    most = len(group.elements) if group.undecided else _ELEMENTS
    elements: list[dict[str, Any]] = []
    for name, item in list(zip(group.ids(), group.elements, strict=True))[:most]:
        element: dict[str, Any] = {"id": name, "markup": _line(item.value, markup)}
        if group.undecided and (around := near.of(item.where)):
            element["near"] = [_line(line, markup // 2) for line in around]
        elements.append(element)
    shown = {
        "id": group.id,
        "rule": finding.title,
        "means": finding.description[:300],
        "place": group.place[:200],
        "count": len(group.elements),
        "elements": elements,
    }
    return {**shown, "undecided": True} if group.undecided else shown


class _Near:
    """The lines of an outline around an element that it shows."""

    def __init__(self, page: Outline) -> None:
        self._lines = page.text.splitlines()
        names = {line.split(maxsplit=1)[0]: place for place, line in enumerate(self._lines) if line.strip()}
        self._at = {where: names[name] for name, where in page.selectors.items() if name in names}

    def of(self, where: str | None) -> list[str]:
        """The lines before and behind, without their ids, which are of another question."""
        at = self._at.get(where or "")
        if at is None:
            return []
        around = self._lines[max(at - _NEAR, 0) : at + _NEAR + 1]
        return [line.strip().partition(" ")[2] for line in around]


def _judged(
    findings: Sequence[Finding], groups: Sequence[Group], asked: Sequence[Group], answer: Answer[Explained]
) -> Judged:
    """What stands of an answer: by groups and elements that were shown, the first word on each."""
    by_group = {group.id: group for group in asked}
    open_ids = {name for group in asked if group.undecided for name in group.ids()}
    dropped: Counter[str] = Counter()
    explanations: dict[str, str] = {}
    for one in answer.value.explanations:
        group, words = by_group.get(one.group), said(one.explanation)
        if group is None or not set(one.because).intersection(group.ids()):
            dropped[UNKNOWN if one.because and group is None else UNCITED] += 1
        elif words:
            explanations.setdefault(one.group, words)
    verdicts: dict[str, Verdict] = {}
    for verdict in answer.value.verdicts:
        if verdict.element in open_ids and verdict.verdict in VERDICTS:
            verdicts.setdefault(verdict.element, verdict)
        else:
            dropped[UNKNOWN] += 1
    made = tuple(
        _with(finding, [group for group in groups if group.finding == number], explanations, verdicts, answer.model)
        for number, finding in enumerate(findings)
    )
    return Judged(
        findings=made,
        explained=len(explanations),
        verdicts=Counter(one.verdict for one in verdicts.values()),
        undecided=sum(len(group.elements) for group in groups if group.undecided),
        left=len(groups) - len(asked),
        dropped=dict(dropped),
        model=answer.model,
        trail=answer.trail,
    )


def _with(
    finding: Finding,
    groups: Sequence[Group],
    explanations: Mapping[str, str],
    verdicts: Mapping[str, Verdict],
    model: str,
) -> Finding:
    """A finding with the model's words behind what they are about; what it sees no barrier in stands last.

    Nothing of the rule's is changed but how sure one may be of what no rule decided.
    """
    own = {name: verdicts[name] for group in groups for name in group.ids() if name in verdicts}
    if not own and not any(group.id in explanations for group in groups):
        return finding
    evidence: list[Evidence] = []
    for group in sorted(groups, key=lambda one: _cleared(one, own)):
        if group.id in explanations:
            evidence.append(Evidence(kind="group", value=group.place[:300], where=None))
            evidence.append(_word("model", explanations[group.id], model))
        for name, item in sorted(zip(group.ids(), group.elements, strict=True), key=lambda one: _clear(one[0], own)):
            evidence.append(item)
            if name in own:
                evidence.append(_word(f"model_{own[name].verdict}", said(own[name].reason), model))
    evidence += [item for item in finding.evidence if item.kind != _ELEMENT]
    everything = [name for group in groups for name in group.ids()]
    return replace(finding, evidence=tuple(evidence), confidence=_confidence(finding, everything, own))


def _word(kind: str, text: str, model: str) -> Evidence:
    return Evidence(kind=kind, value=text, where=model[:100])


def _clear(name: str, verdicts: Mapping[str, Verdict]) -> bool:
    return name in verdicts and verdicts[name].verdict == NO_BARRIER


def _cleared(group: Group, verdicts: Mapping[str, Verdict]) -> bool:
    return all(_clear(name, verdicts) for name in group.ids())


def _confidence(finding: Finding, names: Iterable[str], verdicts: Mapping[str, Verdict]) -> float:
    """How sure one may be after the model: surer by one barrier that it sees, less only where it clears them all."""
    barriers = [one.confidence for one in verdicts.values() if one.verdict == BARRIER]
    if barriers:
        return max(finding.confidence, min(MOST_CONFIDENT, max(barriers)))
    told = [item for item in finding.evidence if item.kind == "count"]
    if verdicts and not told and all(_clear(name, verdicts) for name in names):
        return min(finding.confidence, LEAST_CONFIDENT)
    return finding.confidence


def _line(text: str, limit: int) -> str:
    """The text on one line, cut in its middle: why a rule says so stands at its end."""
    plain = " ".join(text.split())
    return plain if len(plain) <= limit else f"{plain[: limit * 2 // 3]}…{plain[-(limit // 3) :]}"
