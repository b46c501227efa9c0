"""What people read about how long a page takes to load."""

from __future__ import annotations

from surveyor.scan.check.interface import Table, Words
from surveyor.scan.model import Severity


def _two(title: str, description: str, fix: str, steps: tuple[str, ...], page: str, *, core: bool) -> dict[str, Words]:
    """Poor and needing improvement: one title, since it is one problem; a Core Web Vital weighs a step more."""
    poor, middling = (Severity.HIGH, Severity.MEDIUM) if core else (Severity.MEDIUM, Severity.LOW)
    reference = (f"https://web.dev/articles/{page}",)
    return {
        key: Words(title=title, severity=severity, description=description, fix=fix, steps=steps, references=reference)
        for key, severity in (("poor", poor), ("needs_improvement", middling))
    }


WORDS: Table = {
    "performance_lcp": _two(
        "Largest Contentful Paint slow",
        "The largest picture or text of the first screen comes late, so the page feels unfinished.",
        "Make the largest element available earlier and smaller.",
        (
            "Find the element, and where its time goes, in the evidence.",
            "Preload its picture, serve it in a modern format and size, and do not load it lazily.",
            "Cut the server's response time and scripts and style sheets that block rendering.",
        ),
        "lcp",
        core=True,
    ),
    "performance_cls": _two(
        "Cumulative Layout Shift high",
        "Things move while the page loads, so visitors lose their place and click on the wrong thing.",
        "Reserve room for what comes late.",
        (
            "Give pictures, videos and frames width and height.",
            "Keep room for advertisements and banners; do not insert content above what is there.",
            "Use font-display: optional, or fall-back fonts of the same width.",
        ),
        "cls",
        core=True,
    ),
    "performance_inp": _two(
        "Interaction to Next Paint slow",
        "The page takes long to answer clicks, taps and keys of real visitors.",
        "Give the browser a chance to paint between an input and the work that it causes.",
        (
            "Break up long tasks and defer what need not happen at once.",
            "Load fewer third-party scripts.",
            "Keep the page's tree small.",
        ),
        "inp",
        core=True,
    ),
    "performance_fcp": _two(
        "First Contentful Paint slow",
        "For a long time nothing is to be seen at all.",
        "Shorten what has to happen before the first paint.",
        (
            "Cut the server's response time and redirects.",
            "Inline critical styles and defer the rest.",
            "Do not hide text until fonts are there.",
        ),
        "fcp",
        core=False,
    ),
    "performance_tbt": _two(
        "Total Blocking Time high",
        "Scripts keep the page from answering while it loads.",
        "Run less script while the page loads.",
        ("Split code and load what is not needed at first later.", "Remove third-party scripts that nobody misses."),
        "tbt",
        core=False,
    ),
    "performance_si": _two(
        "Speed Index slow",
        "The visible part of the page fills slowly.",
        "Let content appear as it arrives.",
        ("Reduce work on the main thread.", "Keep text visible while fonts load."),
        "speed-index",
        core=False,
    ),
    "performance_ttfb": _two(
        "Time to First Byte slow",
        "The server takes long to begin its answer, and nothing else can begin before.",
        "Answer sooner, or closer to the visitor.",
        (
            "Keep finished pages in a cache, at best in one near the visitor (CDN).",
            "Measure what the server does meanwhile: queries, templates, calls to other services.",
            "Cut redirects before the page.",
        ),
        "ttfb",
        core=False,
    ),
}
