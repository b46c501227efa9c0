"""A page that ends its browser is loaded once more; what was seen of it stays."""

from __future__ import annotations

import pytest

from surveyor.scan.errors import Broken, LimitExceeded, ScanError, Unreachable
from surveyor.scan.evidence import Page, Rendered
from surveyor.scan.gather import Errand, browser
from surveyor.scan.net import Client
from surveyor.scan.settings import Settings

URL = "http://shop.example/"
CRASH, EATEN = Broken("the page crashed the browser"), LimitExceeded("the page takes more than 1536 MiB")
LATE = Unreachable("the browser could not load the page")
WHOLE, CUT = (
    Rendered(url=URL, html=html, browser="Chrome/1", sandboxed=True, cut=False, settled=True) for html in "wc"
)
Outcome = tuple[Rendered, bool] | ScanError


@pytest.mark.parametrize(
    ("outcomes", "seconds", "result"),
    [
        ([(WHOLE, True)], 50, WHOLE),
        ([CRASH, (WHOLE, True)], 50, WHOLE),
        ([EATEN, EATEN], 50, EATEN),
        ([(CUT, False), (WHOLE, True)], 50, WHOLE),
        ([(CUT, False), CRASH], 50, CUT),
        ([(CUT, False)], 4, CUT),
        ([CRASH], 4, CRASH),
        ([LATE], 50, LATE),
    ],
)
def test_a_crash_is_one_retry(
    outcomes: list[Outcome], seconds: float, result: Rendered | ScanError, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = list(outcomes)

    def load(*_: object) -> tuple[Rendered, bool]:
        outcome = left.pop(0)
        if isinstance(outcome, ScanError):
            raise outcome
        return outcome

    monkeypatch.setattr(browser, "_load", load)
    settings = Settings(browser="chromium")
    page = Page(asked=URL, url=URL, status=200, headers=(), body=b"")
    errand = Errand(
        url=URL, settings=settings, client=Client(settings), deadline=seconds, clock=lambda: 0.0, page=lambda: page
    )
    if isinstance(result, ScanError):
        with pytest.raises(type(result)) as error:
            browser.gather(errand)
        assert error.value is result
    else:
        assert browser.gather(errand) is result
    assert not left
