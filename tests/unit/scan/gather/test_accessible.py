"""Barriers that only a browser shows: each rule's own case beside one that looks like it, all on a page or two.

One Chromium for all of them; and a few of the W3C's cases, so that precision cannot be lost unseen.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks import act
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import REVIEW
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.model import Domain
from surveyor.scan.net.browser import axe
from tests import browser as browsers
from tests.servers.web import Site

pytestmark = pytest.mark.browser

#: Identifiers of elements that are at fault end in ``-bad``, such that are to be looked at in ``-doubt``.
PAGE = """<!doctype html><html lang=en><title>Everything</title><meta name=viewport content="width=device-width">
<style>
  .gone {display: none} .away {visibility: hidden} .back {visibility: visible}
  .small {position: absolute; width: 1px; height: 1px; overflow: hidden}
  .box {width: 120px; height: 60px; overflow: auto; padding: 0} .line {width: 90px; white-space: nowrap}
  .bare {outline: none; border: 2px solid; background: #fff; color: #000} .bare:focus {outline: none}
  .late {transition: box-shadow .1s 1s} .late:focus {box-shadow: 0 0 0 4px #00f}
  .icons {font-family: "Shop Icons"} .own {display: inline-block}
  @media (orientation: portrait) {#turned-bad {transform: rotate(90deg)} #part {transform: rotate(90deg)}}
</style>
<main id=turned-bad><h1>Shop</h1>
<p id=part>One part</p>

<p><a id=label-bad href=#a aria-label="Send letter">Write to us</a> <a href=#c aria-label=Close>X</a>
<a href=#b aria-label="Next page in the list">Next page</a> <a href=#e aria-label=Find><i class=icons>search</i></a>
<a href=#d aria-label="compose email"><b class=own>compose</b><b class=own>email</b></a>
<a href=#f aria-label=Cart>Cart<i class=small>of the shop</i></a>
<a id=label-doubt href=#g aria-label=Monday>Mon</a> <a href=#h aria-label=non-standard>nonstandard</a>
<a id=seen-bad href=#i aria-label="Download paper">Download <i aria-hidden=true>long</i> paper</a></p>

<div aria-hidden=true><a id=sentinel href=#j>Round again</a> <a id=hidden-bad href=#k>Hidden</a></div>
<div aria-hidden=true class=gone><a href=#l>Not shown</a></div>
<div aria-hidden=true class=away><a href=#m>Not seen</a> <a id=back-bad class=back href=#n>Seen</a></div>
<button class=gone></button><div class=gone><a href=/></a><img src=/x.png></div>
<script>
  document.getElementById("sentinel").addEventListener("focus", () => document.getElementById("first").focus());
</script>

<iframe id=frame-bad title=Contact srcdoc="<p>By letter<p>By phone"></iframe>
<iframe id=frame-too-bad title=Contact srcdoc="<article>Lorem ipsum"></iframe>
<iframe id=alike-doubt title=Terms srcdoc="<title>a</title><p>Of sale<p>Of use<p>May"></iframe>
<iframe id=alike-too-doubt title=terms srcdoc="<title>b</title><p>Of sale<p>Of use<p>June"></iframe>

<div class=box id=scroll-bad>One two three four five six seven eight nine ten eleven twelve thirteen</div>
<div class=box>One two three four five six seven eight <a href=#o>nine</a> ten eleven twelve thirteen</div>
<div class=box id=scroll-doubt>One<div class=small style="top:900px">hidden</div><div style="height:90px"></div></div>
<div class=box id=reached-doubt>One two three four five six seven eight nine ten eleven twelve
<iframe title=Inner style="width:9px;height:9px" srcdoc="<a href=/>In</a>"></iframe></div>

<p id=cut-bad style="width:120px;height:20px;overflow:hidden">Some words that do not fit into one line of this box</p>
<p class=line style="overflow:hidden;text-overflow:ellipsis">Some words that end in dots</p>
<p>These are words enough for a line that is as long as its box is wide and lo
nger than a narrow window of a phone</p>
<div style="width:700px"><p id=reflow-bad>These are words enough for a line that is as long as its box
 is wide and longer than a narrow window of a phone</p>
<pre>These are words enough for a line that is as long as its box is wide and lo
nger than a narrow window of a phone</pre>
<table><tr><td style="min-width:600px">These are words enough for a line that is as long as its box is wide a
nd longer than a narrow window of a phone</table></div>
<p style="width:120px;min-height:20px;overflow:hidden">Some words that make their box grow as they should</p>

<audio id=sound-bad controls src=/sound.wav></audio> <audio controls src=/short.wav></audio>
<audio src=/sound.wav></audio>

<p><button id=first>First</button> <button id=dark-bad class=bare>Dark</button> <button class="bare late">Late</button>
<button id=trap-bad>Trap</button> <button>Last</button></p></main>
<script>
  const stay = event => event.key === "Tab" && event.preventDefault();
  document.getElementById("trap-bad").addEventListener("keydown", stay);
</script>"""
#: A trap behind a player that says how to leave it; sound, with a word about what it says; text beyond the viewport.
FREE = """<!doctype html><html lang=en><title>Free</title><main><h1>Free</h1><audio controls src=/sound.wav></audio>
<style>body {overflow-x: hidden}</style><p style="margin-left:90vw;white-space:nowrap">Far to the right</p>
<p>The transcript stands below. Press Escape to leave.</p><button id=trap>Trap</button><button>Last</button></main>
<script>
  document.getElementById("trap").addEventListener("keydown", event => event.key === "Tab" && event.preventDefault());
</script>"""
#: Of the half of the W3C's cases that rules are written by: what rule, which case, and whether the page breaks it.
CASES = (
    ("2ee8b8", "8303bfbcf99b4b105928ee3ccd2bb90225cd5361", True),
    ("2ee8b8", "710e48ef6593478abfd4a367b0b3668c5f410092", False),
    ("4b1c6c", "c1cc2a71e88c5fec2bc41175d63339404747bf00", True),
    ("4b1c6c", "5741786806bd13c329e3681a0e16f4ed326d7fee", False),
    ("6cfa84", "d343bc6a2877b62d80153453c3781debc33e0b1d", False),
    ("59br37", "fc598e8d60950941aae5070b17eb4ca1d4bd3bdf", True),
)
Told = dict[str, list[str]]


def sound(seconds: int) -> bytes:
    """Silence of so many seconds, as WAV."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8_000)
        file.writeframes(b"\x80" * 8_000 * seconds)
    return out.getvalue()


@pytest.fixture(scope="module")
def chromium() -> str:
    """The browser, with what it is given to run."""
    if not (Path(axe.__file__).parent / "vendor" / "axe.min.js").is_file():
        pytest.skip("axe-core is put here when Surveyor is installed; `make test` does")
    return browsers.find() or pytest.skip("no Chromium is installed")


@pytest.fixture(scope="module")
def told(chromium: str) -> Iterator[Callable[[str], Told]]:
    """Where each rule finds something on a page, by its id without the domain; of doubts with ``?`` behind it."""
    with Site() as site, act.Visitor(chromium, site.settings(browser=chromium)) as visitor:
        site.page("/sound.wav", sound(30), content_type="audio/wav")
        site.page("/short.wav", sound(2), content_type="audio/wav")

        def told(markup: str) -> Told:
            site.page("/", markup)
            page, rendered = visitor.visit(site.url())
            assert rendered is not None
            assert dict(rendered.missed) == {}
            document = Document(page, rendered)
            found: Told = {}
            for check in CHECKS[Domain.ACCESSIBILITY]:
                judged = check.page(document) if check.page else check.rendered(document, rendered)  # type: ignore[misc]
                for outcome in judged:
                    name = check.id.removeprefix("accessibility_") + ("?" if outcome.key == REVIEW else "")
                    places = [(one.where or "").rpartition("#")[2] for one in outcome.evidence]
                    found.setdefault(name, []).extend(places)
            return found

        yield told


@pytest.fixture(scope="module")
def everything(told: Callable[[str], Told]) -> Told:
    """What is found on the page of all cases."""
    return told(PAGE)


@pytest.mark.parametrize(
    ("rule", "places"),
    [
        ("label_in_name", ["label-bad", "seen-bad"]),
        ("label_in_name?", ["label-doubt"]),
        ("hidden_focus", ["hidden-bad", "back-bad"]),
        ("frame_identical", ["frame-bad", "frame-too-bad"]),
        ("frame_identical?", ["alike-doubt", "alike-too-doubt"]),
        ("scrollable_region_focusable", ["scroll-bad"]),
        ("scrollable_region_focusable?", ["scroll-doubt", "reached-doubt"]),
        ("text_clipped", ["cut-bad"]),
        ("orientation_lock", ["turned-bad"]),
        ("reflow", ["reflow-bad"]),
        ("media_alternative", ["sound-bad"]),
        ("focus_not_visible", ["dark-bad"]),
        ("keyboard_trap", ["trap-bad"]),
        # hidden by a style sheet, which markup does not say
        ("button_name", []),
        ("link_name", []),
        ("image_alt", []),
    ],
)
def test_the_element_at_fault_is_found_and_nothing_beside_it(everything: Told, rule: str, places: list[str]) -> None:
    assert everything.get(rule, []) == places


def test_what_says_how_to_leave_it_is_no_trap_and_a_transcript_is_an_alternative(told: Callable[[str], Told]) -> None:
    found = told(FREE)
    assert not {"keyboard_trap", "media_alternative", "text_clipped"} & set(found)
    # the walk goes on behind the player
    assert told(FREE.replace("Press Escape to leave.", ""))["keyboard_trap"] == ["trap"]


def test_some_of_the_w3cs_cases_are_judged_as_they_should_be(chromium: str, shared_dir: Path) -> None:
    folder = shared_dir / "fixtures/act"
    if not (folder / "testcases.json").is_file():
        pytest.skip(f"the W3C's cases are not at {folder}")
    wanted = [case for case in act.cases(folder) if (case.rule, case.id) in {one[:2] for one in CASES}]
    assert not any(case.kept for case in wanted)
    found = {(case.rule, case.id): bool(seen) for case, seen, _ in act.judged(folder, wanted, chromium)}
    assert found == {(rule, case): broken for rule, case, broken in CASES}
