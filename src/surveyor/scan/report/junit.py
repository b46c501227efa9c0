"""JUnit XML, as Jenkins, GitLab, Azure Pipelines and others read it: a failed test a finding, a test a thing looked at.

The form has no standard; this is what Jenkins's schema (``jenkins-junit.xsd``) takes. What could not be looked at is a
test with an error, what was skipped or is not set up a skipped one, so that neither is taken for a pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

from surveyor.scan import phrases, vocabulary
from surveyor.scan.model import INCOMPLETE, Coverage, CoverageState, Domain, Finding, Report
from surveyor.scan.report import interface as shared

_SKIPPED = frozenset({CoverageState.SKIPPED, CoverageState.NOT_CONFIGURED})
_PLACES = 50


def encode(report: Report) -> bytes:
    """One suite a domain with findings, and one of what was looked at."""
    suites = [_Suite(domain.value, [_finding(one) for one in _of(report, domain)]) for domain in Domain]
    suites = [*(suite for suite in suites if suite.tests), _Suite("coverage", list(_coverage(report)))]
    failures, errors = sum(suite.failures for suite in suites), sum(suite.errors for suite in suites)
    seconds = (report.finished_at - report.started_at).total_seconds()
    head = _attributes(
        name=f"Surveyor: {shared.name_of(report.target)}",
        tests=sum(len(suite.tests) for suite in suites),
        failures=failures,
        errors=errors,
        time=f"{seconds:.3f}",
    )
    body = "".join(suite.text(report, number) for number, suite in enumerate(suites))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites{head}>\n{body}</testsuites>\n'.encode()


class _Suite:
    """Tests of one kind; each is its element and what became of it."""

    def __init__(self, name: str, tests: list[tuple[str, str]]) -> None:
        self.name, self.tests = name, tests
        self.failures, self.errors, self.skipped = (
            sum(outcome == kind for _, outcome in tests) for kind in ("failure", "error", "skipped")
        )

    def text(self, report: Report, number: int) -> str:
        head = _attributes(
            name=f"surveyor.{self.name}",
            id=number,
            tests=len(self.tests),
            failures=self.failures,
            errors=self.errors,
            skipped=self.skipped,
            time="0",
            timestamp=shared.moment(report.started_at).removesuffix("Z"),
            hostname="localhost",
        )
        return f"<testsuite{head}>\n{''.join(test for test, _ in self.tests)}</testsuite>\n"


def _of(report: Report, domain: Domain) -> Iterable[Finding]:
    return (finding for finding in report.findings if finding.domain is domain)


def _finding(finding: Finding) -> tuple[str, str]:
    """A failed test; where somebody has settled it, a skipped one with their reason."""
    title = shared.line(finding.title, 300) or "unnamed"
    if shared.is_settled(finding):
        reason = escape(shared.decided(finding.decision) if finding.decision else phrases.ruled(finding.ruled_by))
        return _test(f"surveyor.{finding.domain}", title, f"<skipped>{reason}</skipped>"), "skipped"
    message = _attributes(message=f"{title} ({finding.severity})", type=finding.severity.value)
    told = "\n".join(_words(finding))
    outcome = f"<failure{message}>{escape(told)}</failure>"
    return _test(f"surveyor.{finding.domain}.{shared.line(finding.rule, 200)}", title, outcome), "failure"


def _words(finding: Finding) -> Iterator[str]:
    yield from filter(None, (shared.lines(finding.description), shared.remedy(finding)))
    if finding.decision:
        yield f"Decided: {shared.decided(finding.decision)}"
    for place in finding.assets[:_PLACES]:
        inside = ", ".join(shared.line(part) for part in (place.path, place.layer) if part)
        yield shared.line(place.value) + (f" ({inside})" if inside else "")
    if len(finding.assets) > _PLACES:
        yield f"and {len(finding.assets) - _PLACES:,} more places"
    yield from (f"{shared.line(one.where or one.kind, 200)}: {shared.line(one.value, 300)}" for one in finding.evidence)
    yield from shared.links(finding)


def _coverage(report: Report) -> Iterator[tuple[str, str]]:
    if report.scan_status in shared.UNSCANNED or report.error:
        words = shared.line(report.error or "no reason given")
        yield _test("surveyor.coverage.scan", "The whole scan", _error(words, report.scan_status)), "error"
    yield from map(_looked, report.coverage)


def _looked(entry: Coverage) -> tuple[str, str]:
    where = " ".join(part for part in (entry.path, entry.layer, entry.asset) if part)
    name = shared.line(f"{vocabulary.subject(entry.what)} {where}", 300) or "unnamed"
    group = f"surveyor.coverage.{shared.line(entry.what, 200)}"
    if entry.state in INCOMPLETE:
        return _test(group, name, _error(shared.told(entry), entry.state)), "error"
    if entry.state in _SKIPPED:
        return _test(group, name, f"<skipped>{escape(shared.told(entry))}</skipped>"), "skipped"
    return _test(group, name, f"<system-out>{_escaped(entry.detail or '')}</system-out>"), "passed"


def _error(words: str, kind: str) -> str:
    return f"<error{_attributes(message=words, type=kind)}>{escape(words)}</error>"


def _test(group: str, name: str, inner: str) -> str:
    return f"<testcase{_attributes(classname=group, name=name, time='0')}>{inner}</testcase>\n"


def _escaped(text: str) -> str:
    return escape(shared.line(text))


def _attributes(**values: object) -> str:
    """Attributes in the order given. Their text has been made printable: XML 1.0 has no word for control characters."""
    return "".join(f" {name}={quoteattr(str(value))}" for name, value in values.items())
