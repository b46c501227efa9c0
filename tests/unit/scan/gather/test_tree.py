"""What assistive technology is told of a page, and where each of its nodes is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from surveyor.scan.accessible import Node
from surveyor.scan.errors import LimitExceeded
from surveyor.scan.net import Client
from surveyor.scan.net.browser import tree
from surveyor.scan.net.browser.visits import Visits
from tests import browser as browsers
from tests.servers.web import Site

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang=en><title>t</title><h1>Shop</h1><label>Name <input required value=x></label>
<a href=/x>go <b>there</b></a><div><div tabindex=0>Buy</div></div><p aria-hidden=true>hidden</p><ul><li>One</ul>
<iframe title=f srcdoc='<button>In</button>'></iframe><div id=host><em>light</em></div>
<script>
  host.attachShadow({mode: 'open'}).innerHTML = "<p id=own><i><button>Sha\\ud83d</button></i><slot></slot>";
</script>"""


@pytest.fixture(scope="module")
def told() -> Iterator[Callable[[str], list[Node]]]:
    """The nodes of a page, in one browser for all of them."""
    executable = browsers.find() or pytest.skip("no Chromium is installed")
    with Site() as site, contextlib.closing(Visits(Client(site.settings()), executable)) as visits:

        def told(page: str) -> list[Node]:
            site.page("/", page)
            with visits.visit(seconds=60, max_bytes=1 << 20) as visit:
                visit.tab.go(site.url(), seconds=20)
                visit.tab.settle(seconds=20)
                world = visit.tab.world(visit.tab.frames(seconds=20)["frame"]["id"], seconds=20)
                return list(tree.read(visit.tab, world, seconds=20).nodes)

        yield told


def test_names_roles_and_places_are_those_of_the_page_as_it_is_shown(told: Callable[[str], list[Node]]) -> None:
    nodes = told(PAGE)
    by_role = {(node.role, node.name): node for node in nodes}
    assert by_role["heading", "Shop"].where == "body > h1:nth-of-type(1)"
    assert by_role["heading", "Shop"].states["level"] == "1"
    assert by_role["textbox", "Name"].named_by == "labelwrapped"
    assert (by_role["textbox", "Name"].value, by_role["textbox", "Name"].states["required"]) == ("x", "true")
    assert by_role["link", "go there"].named_by == "contents"
    assert by_role["button", "In"].where == "body > iframe:nth-of-type(1) >>> body > button:nth-of-type(1)"
    assert by_role["emphasis", ""].where == "div#host > em:nth-of-type(1)"
    shadow = next(node for node in nodes if node.role == "button" and node.name.startswith("Sha"))
    assert shadow.name == "Sha?"
    assert shadow.where == "div#host >>> p#own > i:nth-of-type(1) > button:nth-of-type(1)"
    assert [node.role for node in nodes if node.where.startswith("body > div:nth-of-type(1)")] == [
        "generic",
        "StaticText",
    ]
    assert not [node for node in nodes if "hidden" in node.name]
    text = by_role["StaticText", "One"]
    assert nodes[text.parent].role == "listitem"
    assert text.box is not None
    assert text.box[2] > 0


def test_a_page_of_too_many_elements_is_not_asked_about(told: Callable[[str], list[Node]]) -> None:
    with pytest.raises(LimitExceeded):
        told("<body>" + "<b></b>" * 6_000)
