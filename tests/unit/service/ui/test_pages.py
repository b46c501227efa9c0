"""A failure for people says what is the matter, and a moment's patience is asked for only where it helps."""

from __future__ import annotations

import pytest

from surveyor.service.errors import BadRequest, NotFound, QuotaExceeded, RateLimited, ServiceError
from surveyor.service.ui.pages import failure
from surveyor.service.ui.reasons import sentence, told


@pytest.mark.parametrize(
    ("error", "title"),
    [
        (RateLimited("wait", limit=1, wait=1, reset=60), "A moment, please"),
        (QuotaExceeded("none left"), "This month&#39;s units are used"),
        (NotFound("no"), "Nothing here"),
        (BadRequest("no"), "That could not be read"),
    ],
)
def test_a_failure_is_called_by_its_name(error: ServiceError, title: str) -> None:
    answer = failure(error, request_id="r", headers={})
    assert answer.status_code == error.status
    assert f"<h1>{title}</h1>" in bytes(answer.body).decode()


def test_reasons_are_sentences_and_a_targets_words_are_left_alone() -> None:
    assert sentence("unchanged").endswith("as it was.")
    assert sentence("a_new_code") == "A new code."
    assert sentence("a sentence already") == "a sentence already"
    assert told("limit_exceeded") == sentence("limit_exceeded")
    assert told("same_origin") == "same_origin"
