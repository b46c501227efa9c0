"""One page that stands alone: no script, no request, escaped text; for screens, light or dark, and for paper.

Its own policy forbids everything but its one style sheet, wherever the file is opened from.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from pathlib import Path

from surveyor.scan import phrases, vocabulary
from surveyor.scan.figures import Track
from surveyor.scan.model import Asset, Coverage, Domain, Evidence, Finding, Package, Report, Severity
from surveyor.scan.report import interface as shared

#: So many findings, the worst, are written out, the others in one line each; and so much of each.
_WHOLE = 1_000
_QUOTES, _PLACES, _STEPS, _LINKS, _IDS, _RATINGS = 3, 6, 8, 5, 8, 4
_MISSED = 3
_PACKAGES, _GAPS, _UPGRADES = 20_000, 5_000, 200
_DOMAINS = {Domain.SEO: "SEO"}
_LINES = (
    "Each metric on a line of its own: how far it is good, where it needs improvement and from where it is poor; the"
    " bar is the range of the runs, the stroke their median."
)


def encode(report: Report) -> bytes:
    """The page in UTF-8."""
    return "".join(_page(report)).encode("utf-8", "replace")


@cache
def style() -> str:
    """The style sheet of every page that Surveyor writes as a file."""
    return Path(__file__).with_name("report.css").read_text("utf-8")


@cache
def policy() -> str:
    """The content security policy that such a page carries, and that whoever serves it should send."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"


def _page(report: Report) -> Iterator[str]:
    name = _text(shared.name_of(report.target), 300)
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy()}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>Surveyor report: {name}</title>\n<style>{style()}</style>\n</head>\n<body>\n"
    )
    yield from _cover(report, name)
    yield "<main>\n"
    yield from _findings(report)
    yield from _loads(report)
    yield from _coverage(report)
    if shared.is_artifact(report):
        yield from _packages(report)
    version = _text(str(report.scanner.get("version", "")))
    yield f'</main>\n<footer class="quiet small">Made by Surveyor {version}</footer>\n</body>\n</html>\n'


def _cover(report: Report, name: str) -> Iterator[str]:
    open_, gaps = shared.undecided(report), shared.gaps(report)
    counts = {severity: sum(one.severity is severity for one in open_) for severity in Severity}
    total = len(open_)
    taken = f"{_text(report.target.type)}, {shared.moment(report.finished_at)}"
    packages = (
        f"<div><dd>{len(report.packages):,}</dd><dt>{'package' if len(report.packages) == 1 else 'packages'}</dt></div>"
    )
    yield (
        '<header class="cover">\n<p class="brand">Surveyor</p>\n<p class="kind">Scan report</p>\n'
        f'<h1>{name}</h1>\n<p class="soft">{taken}</p>\n<dl class="figures">\n'
        f'<div><dd class="accent">{total:,}</dd><dt>{"finding" if total == 1 else "findings"}</dt></div>\n'
        f"{packages if shared.is_artifact(report) else ''}\n"
        f"<div><dd>{len(gaps):,}</dd><dt>not looked at, or not in full</dt></div>\n</dl>\n"
    )
    legend = "".join(f"<li>{_mark(one)}<b>{count:,}</b> {one}</li>" for one, count in counts.items())
    yield f'<ul class="legend">{legend}</ul>\n'
    if settled := shared.settled(report):
        yield f'<p class="quiet">Besides {settled}</p>\n'
    if report.scan_status in shared.UNSCANNED:
        yield f'<p class="notice"><b>Could not scan.</b> {_text(report.error or "No reason was given.")}</p>\n'
    elif gaps:
        yield (
            '<p class="notice"><b>Read this with <a href="#coverage">what could not be looked at</a>.</b>'
            " Fewer findings do not mean fewer problems where nobody could look.</p>\n"
        )
    parts = [("findings", "Findings"), ("coverage", "Coverage")]
    parts[1:1] = [("loads", "How it loads")] if report.measurements else []
    parts += [("packages", "Packages")] if shared.is_artifact(report) else []
    links = " ".join(f'<a href="#{part}">{told}</a>' for part, told in parts)
    yield f'<nav aria-label="Contents">{links}</nav>\n</header>\n'


def _findings(report: Report) -> Iterator[str]:
    yield '<section id="findings"><h2>Findings</h2>\n'
    if not report.findings:
        yield (
            "<p>Nothing was found. That means something only where"
            ' <a href="#coverage">Coverage</a> says that somebody could look.</p>\n'
        )
    yield _upgrades(report)
    # what is settled asks nothing of anybody, so it comes last
    decided = [finding for finding in report.findings if shared.is_settled(finding) and not finding.aside]
    findings = [*shared.undecided(report), *decided]
    for number, finding in enumerate(findings[:_WHOLE], 1):
        yield from _finding(number, finding)
    if len(findings) > _WHOLE:
        yield '<h3 class="more">The further findings, in brief</h3>\n'
    for number, finding in enumerate(findings[_WHOLE:], _WHOLE + 1):
        settled = ", settled by a decision" if shared.is_settled(finding) else ""
        yield (
            f'<div class="brief">{_mark(finding.severity)}<span class="quiet">{number}.</span>'
            f' <b>{_text(finding.title, 200)}</b> <span class="quiet">{finding.severity}{settled}</span>'
            f'<span class="fix">{_text(shared.remedy(finding), 200)}</span></div>\n'
        )
    for told in shared.aside(report):
        yield f'<p class="quiet">{_text(told, 600)}; the JSON report has each.</p>\n'
    yield "</section>\n"


def _upgrades(report: Report) -> str:
    gains = shared.gains(report)
    if not gains:
        return ""
    rows = (
        (_text(one.package), _text(one.present), _text(one.upgrade.version, 100), f"{one.ends:,} of {one.total:,}")
        for one in gains[:_UPGRADES]
    )
    head = ("Upgrade", "From", "To", "Findings ended")
    return f"<h3>Upgrades that end most</h3>\n{_table(head, rows)}{_more(len(gains) - _UPGRADES)}"


def _loads(report: Report) -> Iterator[str]:
    loads = shared.loads(report)
    if not loads:
        return
    yield f'<section id="loads"><h2>How it loads</h2>\n<p class="soft">{_LINES}</p>\n'
    pages = dict.fromkeys(one.page for one in loads)
    head = ("Metric", "Value", "That is", "From good to poor", "Range", "From")
    for page in pages:
        if len(pages) > 1:
            yield f"<h3>{_text(page, 300)}</h3>\n"
        seen_by = dict.fromkeys(one.seen_by for one in loads if one.page == page)
        yield f'<p class="quiet">Seen by {_text("; ".join(seen_by))}</p>\n'
        rows = (_load(one) for one in loads if one.page == page)
        # a table of six columns does not fit on every screen
        yield (
            f'<div class="scroll loads" tabindex="0" role="region" aria-label="{_text(page, 300)}">'
            f"{_table(head, rows)}</div>\n"
        )
    yield "</section>\n"


def _load(one: shared.Load) -> tuple[str, ...]:
    word = vocabulary.BANDS.get(one.band, "")
    told = f'<span class="band {one.band}">{word}</span>' if word else ""
    line = "" if one.track is None else _line(one.track)
    value, span = f'<b class="span">{one.value}</b>', f'<span class="quiet span">{one.range}</span>'
    return _text(one.metric), value, told, line, span, f'<span class="quiet">{_text(one.source)}</span>'


def _line(track: Track) -> str:
    """A metric between its bounds: how far it is good, from where it is poor, its runs and their median."""

    def bar(name: str, start: float, end: float, top: int, height: int) -> str:
        width = f"{max(0.0, end - start):.2%}"
        return f'<rect class="{name}" x="{start:.2%}" y="{top}" width="{width}" height="{height}"/>'

    def stroke(name: str, at: float, top: int, bottom: int) -> str:
        return f'<line class="{name}" x1="{at:.2%}" x2="{at:.2%}" y1="{top}" y2="{bottom}"/>'

    zones = (("good", 0.0, track.good), ("middling", track.good, track.poor), ("poor", track.poor, 1.0))
    parts = [bar(f"zone {name}", start, end, 4, 6) for name, start, end in zones]
    parts += [stroke("bound", at, 2, 12) for at in (track.good, track.poor)]
    if track.high > track.low:
        parts.append(bar("runs", track.low, track.high, 5, 4))
    parts.append(stroke("median", track.at, 0, 14))
    return f'<svg class="track" width="100%" height="14" aria-hidden="true">{"".join(parts)}</svg>'


def _finding(number: int, finding: Finding) -> Iterator[str]:
    facts = " · ".join(_facts(finding))
    yield (
        f'<article id="f-{number}"><h3>{number}. {_text(finding.title, 300)}</h3>\n'
        f'<p class="line">{_mark(finding.severity)}<b class="ink-{finding.severity}">{finding.severity}</b>'
        f' <span class="quiet">{facts}</span></p>\n'
    )
    if finding.decision:
        head = "Decided in part." if finding.decision.places else "Decided."
        yield f'<p class="notice"><b>{head}</b> {_text(shared.decided(finding.decision), 2000)}</p>\n'
    if finding.description:
        yield f'<p class="soft text">{escape(shared.lines(finding.description, 1500))}</p>\n'
    yield f'<div class="two"><div>\n{_quotes("Evidence, as found", _evidence(finding))}'
    yield from _pictures(finding)
    yield _quotes("Affects", (_place(asset) for asset in finding.assets[:_PLACES]))
    yield _more(len(finding.assets) - _PLACES)
    yield f'</div><div>\n<h4>Fix</h4><p class="text">{_text(shared.remedy(finding)) or "None is known."}</p>\n'
    steps = finding.recommended_fix.steps[:_STEPS] if finding.recommended_fix else ()
    if steps:
        yield f"<ol>{''.join(f'<li>{_text(step, 300)}</li>' for step in steps)}</ol>\n"
    yield from _background(finding)
    for url in shared.links(finding)[:_LINKS]:
        yield (f'<p class="quiet small"><a href="{escape(url)}" rel="noreferrer noopener">{escape(url)}</a></p>\n')
    yield "</div></div></article>\n"


def _facts(finding: Finding) -> Iterator[str]:
    yield _DOMAINS.get(finding.domain, finding.domain.value)
    if scores := [rated.score for rated in finding.cvss if rated.score is not None]:
        yield f"CVSS {max(scores):.1f}"
    if finding.domain is Domain.VULNERABILITY:
        yield "EPSS unknown" if finding.epss is None else f"EPSS {phrases.likelihood(finding.epss)}"
    if finding.kev:
        yield "<b>known to be exploited</b>"
    yield f"confidence {finding.confidence:.0%}"


def _background(finding: Finding) -> Iterator[str]:
    """Who says so, and what else they say: ratings, exploitation, kind, dates."""
    ids = " ".join(f"<code>{_text(one, 100)}</code>" for one in dict.fromkeys((finding.rule, *finding.ids[:_IDS])))
    yield f'<p class="quiet small">Decided by {ids}. {_text(phrases.ruled(finding.ruled_by))}</p>\n'
    for rated in finding.cvss[:_RATINGS]:
        score = "" if rated.score is None else f"{rated.score:.1f} "
        by = f" by {_text(rated.source, 100)}" if rated.source else ""
        yield f'<p class="quiet small">CVSS {score}<code>{_text(rated.vector, 200)}</code>{by}</p>\n'
    if told := " ".join(_told(finding)):
        yield f'<p class="quiet small">{_text(told, 1500)}</p>\n'


def _told(finding: Finding) -> Iterator[str]:
    if finding.epss is not None and finding.epss_percentile is not None:
        dated = f", as of {finding.epss_date:%Y-%m-%d}" if finding.epss_date else ""
        yield f"EPSS is {phrases.percentile(finding.epss_percentile)}{dated}."
    if listed := finding.known_exploited:
        due = f", to be mended by {listed.due}" if listed.due else ""
        yield f"CISA lists it as exploited since {listed.added}{due}."
        yield from ((listed.action,) if listed.action else ())
        yield from (("It is used for ransomware.",) if listed.ransomware else ())
    if finding.cwes:
        yield f"{', '.join(finding.cwes[:_IDS])}."
    if finding.published:
        yield f"Published {finding.published:%Y-%m-%d}."
    if finding.modified:
        yield f"Last changed {finding.modified:%Y-%m-%d}."


def _evidence(finding: Finding) -> Iterator[tuple[str, str]]:
    told = next((one for one in finding.evidence if one.kind == "pages"), None)
    if told is not None:
        yield "", shared.lines(told.value, 500)
    for one in _quoted(finding):
        yield one.where or one.kind, shared.lines(one.value, 500)


def _quoted(finding: Finding) -> list[Evidence]:
    """The first of what was seen; of which templates it is, is not."""
    return [one for one in finding.evidence if one.kind not in vocabulary.GROUP_KINDS][:_QUOTES]


def _pictures(finding: Finding) -> Iterator[str]:
    """What the quoted elements look like; nothing but pictures of ours becomes an address."""
    for one in _quoted(finding):
        if one.picture is not None and phrases.is_picture(one.picture):
            yield f'<img class="seen" alt="{_text(one.where or "element", 300)}" src="{one.picture}">\n'


def _place(asset: Asset) -> tuple[str, str]:
    inside = ", ".join(part for part in (asset.path, asset.layer and f"layer {asset.layer[:19]}") if part)
    return inside, shared.line(asset.value, 500)


def _quotes(head: str, items: Iterable[tuple[str, str]]) -> str:
    told = "".join(f'<div class="quote">{_key(where)}{escape(value)}</div>\n' for where, value in items)
    return f"<h4>{head}</h4>{told}" if told else ""


def _key(where: str) -> str:
    return f'<span class="k">{_text(where, 300)}</span>' if where else ""


def _coverage(report: Report) -> Iterator[str]:
    gaps = shared.gaps(report)
    looked = len(report.coverage) - len(gaps)
    yield '<section id="coverage"><h2>Coverage: what could not be looked at</h2>\n'
    yield f"<p>{vocabulary.counted(looked, 'thing')} looked at in full.</p>\n"
    if gaps:
        yield _table(("What", "State", "Why and where"), _missed(gaps[:_GAPS]))
    elif report.scan_status in shared.UNSCANNED:
        yield "<p>The scan did not happen.</p>\n"
    else:
        yield '<p class="quiet">Nothing was left out.</p>\n'
    yield _more(len(gaps) - _GAPS)
    if report.sources:
        dates = (
            (_text(one.name), one.day, f"{one.age}{f', <b>{one.mark}</b>' if one.mark else ''}", one.rows)
            for one in shared.feeds(report)
        )
        yield "<h3>Advisories</h3>\n" + _table(("Feed", "Date", "Age", "Records"), dates)
    yield "</section>\n"


def _missed(gaps: Iterable[Coverage]) -> Iterator[tuple[str, str, str]]:
    """A row a reason: dozens of rules may have missed the same, as when a browser does not answer."""
    rows: dict[tuple[str, str], dict[str, None]] = {}
    for one in gaps:
        what = _text(vocabulary.subject(one.what), 200)
        rows.setdefault((vocabulary.state(one.state), _reason(one)), {})[what] = None
    for (state, why), missed in rows.items():
        names, more = list(missed)[:_MISSED], len(missed) - _MISSED
        yield ", ".join(names) + (f" and {more:,} more" if more > 0 else ""), state, why


def _reason(gap: Coverage) -> str:
    where = ", ".join(shared.line(part, 300) for part in (gap.path, gap.layer, gap.asset) if part)
    why = _text(gap.detail or vocabulary.spoken(gap.reason or ""), 500)
    return f"{why} <code>{escape(where)}</code>" if where else why


def _packages(report: Report) -> Iterator[str]:
    yield '<section id="packages"><h2>Packages</h2>\n'
    if not report.packages:
        yield "<p>No packages were found.</p>\n"
    else:
        yield _table(("Package", "Version", "Type", "Licences"), map(_package, report.packages[:_PACKAGES]))
    yield _more(len(report.packages) - _PACKAGES)
    yield "</section>\n"


def _package(package: Package) -> tuple[str, str, str, str]:
    name = "/".join(part for part in (package.namespace, package.name) if part)
    return (
        _text(name, 300),
        _text(package.version, 200),
        _text(package.type, 64),
        _text(", ".join(package.licenses), 300),
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table of cells that are HTML already."""
    top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>\n'
        for first, *rest in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>\n{body}</tbody></table>\n"


def _mark(severity: Severity) -> str:
    return f'<i class="mark {severity}" aria-hidden="true"></i>'


def _more(count: int) -> str:
    return f'<p class="quiet">and {count:,} more</p>\n' if count > 0 else ""


def _text(text: str, limit: int = 1000) -> str:
    return escape(shared.line(text, limit))
