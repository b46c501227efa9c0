"""Where signing in may lead: to pages of this installation, and to no trick that sends a browser elsewhere."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyor.service.ui.way_back import LENGTH, judge

SCAN = "/scans/7a0c4a0e-12fd-4a47-9d6a-0f0a1a9c5b11"
TRICKS = (
    *("", " ", "evil.example", "evil.example/scans", "scans", "?next=/", "#x", ".", "..", "*"),
    *("//evil.example", "///evil.example", "////evil.example", "//evil.example/scans", "//evil.example%2f..", "//"),
    *("/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\\/evil.example", "\\evil.example", "/scans\\..\\.."),
    *(
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/ /evil.example",
    ),
    *(
        "/\x00/evil.example",
        "/\x0b/evil.example",
        "/scans\r\nset-cookie: a=b",
        "/scans\n",
        "\u2028/scans",
        "/scans\u2029",
    ),
    *(
        "https://evil.example",
        "http:evil.example",
        "https:/evil.example",
        "HTTPS://evil.example",
        "https:///evil.example",
    ),
    *(
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc",
    ),
    *(
        "/%2f/evil.example",
        "/%2Fevil.example",
        "/%5cevil.example",
        "/%5Cevil.example",
        "/%09/evil.example",
        "/%0d%0aa:b",
    ),
    *(
        "/..//evil.example",
        "/.//evil.example",
        "/./evil",
        "/../evil",
        "/scans/../..//evil.example",
        "/scans//evil.example",
    ),
    *("/@evil.example", "/scans@evil.example", "//user@evil.example", "/;//evil.example", "/:80", "/scans:x"),
    *("\uff0f\uff0fevil.example", "/\uff0fevil.example", "/\u2215evil.example", "/evil\u3002example", "/\u202escans"),
    *(
        "/scans?x=\r\n",
        "/scans?x=%0d%0aset-cookie:a=b",
        "/scans?x=%00",
        "/scans?a=<script>",
        "/scans?a=b#//evil.example",
    ),
    *("/scans?x=\\\\evil", "/scans?x= y", "/scans?%", "/scans?%zz", "/scans#x", '/scans/"onmouseover=x', "/scans/<b>"),
    *(
        "/sign-in",
        "/sign-in?next=/",
        "/sign-out",
        "/api/v1/audit/scans",
        "/static/x/y",
        "/uploads",
        "/uploads?filename=x",
    ),
    "/" + "a" * LENGTH,
)
OURS = (
    *("/", SCAN, f"{SCAN}/packages", f"{SCAN}/packages?name=log4j&cursor=WzFd", "/findings", "/tasks/x", "/llm"),
    *("/findings?severity=high&q=a+b%22c", f"/findings?scan={SCAN[7:]}", "/?cursor=WyIyMDI2-_", "/reports/x/page"),
)


@pytest.mark.parametrize("given", TRICKS)
def test_tricks_lead_nowhere(given: str) -> None:
    assert judge(given) is None


@pytest.mark.parametrize("given", OURS)
def test_our_own_pages_are_where_one_may_go(given: str) -> None:
    assert judge(given) == given


@given(st.one_of(st.text(max_size=40), st.text("/\\.:@?#%;&= \t\r\nahtpsevil2f5c0d", max_size=40)))
def test_whatever_is_let_through_stays_on_this_origin(text: str) -> None:
    if (wanted := judge(text)) is not None:
        there = urlsplit(urljoin("https://ours.example/sign-in", wanted))
        assert (there.scheme, there.netloc) == ("https", "ours.example")
        assert "\\" not in wanted
        assert "//" not in wanted.partition("?")[0]
