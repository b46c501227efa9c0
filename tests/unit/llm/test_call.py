"""Providers in order over real sockets: who is asked, what is sent, what is kept of the way there."""

from __future__ import annotations

import http.client
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from pydantic import BaseModel, Field

from surveyor.llm.call import Caller
from surveyor.llm.interface import (
    Kind,
    NotConfigured,
    Post,
    Provider,
    Purpose,
    Question,
    Reply,
    Unanswered,
    Unreached,
)
from surveyor.llm.router import candidates
from tests.servers.llm import Models


class Verdict(BaseModel):
    word: str
    number: int = Field(ge=0, le=9)


GOOD = {"word": "fine", "number": 7}


def send(post: Post) -> Reply:
    """Plain HTTP, as the service's own transport does it but for the guard."""
    split = urlsplit(post.url)
    connection = http.client.HTTPConnection(split.hostname or "", split.port, timeout=post.seconds)
    try:
        connection.request("POST", split.path, body=post.body, headers=dict(post.headers))
        answer = connection.getresponse()
        media = (answer.headers.get("content-type") or "").partition(";")[0]
        return Reply(status=answer.status, media_type=media, body=answer.read())
    except (OSError, http.client.HTTPException) as error:
        raise Unreached(f"no whole answer: {type(error).__name__}") from None
    finally:
        connection.close()


def asking(text: str = "<data>\n{}\n</data>") -> Question[Verdict]:
    return Question(name="verdict", version="v1", system="Judge.", user=text, shape=Verdict)


class Pauses(list[float]):
    """Counts sleeps instead of sleeping."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def caller(*providers: Provider, pauses: Pauses | None = None, seconds: float = 10.0) -> Caller:
    found = candidates(providers, Purpose.ANALYSIS)
    return Caller(
        purpose=Purpose.ANALYSIS,
        candidates=found,
        send=send,
        seconds=seconds,
        sleep=pauses if pauses is not None else Pauses(),
    )


def anthropic(models: Models) -> Provider:
    return Provider(kind=Kind.ANTHROPIC, key="key-a", base_url=models.base)


def openai(models: Models) -> Provider:
    return Provider(kind=Kind.OPENAI, key="key-o", base_url=models.base)


def compatible(models: Models) -> Provider:
    named = {Purpose.ANALYSIS: "local-model"}
    return Provider(kind=Kind.COMPATIBLE, base_url=f"{models.base}/v1", models=named)


@pytest.fixture
def first() -> object:
    with Models(make=lambda body: GOOD) as models:
        yield models


@pytest.fixture
def second() -> object:
    with Models(make=lambda body: GOOD) as models:
        yield models


@pytest.mark.parametrize("sse", [True, False])
def test_anthropic_answers_streamed_or_whole(first: Models, sse: bool) -> None:
    first.sse = sse
    answer = caller(anthropic(first)).ask(asking())
    assert answer.value == Verdict(**GOOD)
    [attempt] = answer.trail
    assert (attempt.provider, attempt.asked) == (Kind.ANTHROPIC, "claude-sonnet-4-5-20250929")
    assert attempt.model == "claude-sonnet-4-5-20250929-really" == answer.model
    assert attempt.usage is not None
    assert (attempt.usage.input, attempt.usage.output) == (1200, 340)
    assert attempt.cost == pytest.approx((1200 * 3 + 340 * 15) / 1e6)
    assert attempt.schema_version == "v1"
    assert len(attempt.prompt_hash) == 64
    [asked] = first.asked
    assert asked.path == "/v1/messages"
    assert asked.headers["x-api-key"] == "key-a"
    assert asked.schema["required"] == ["word", "number"]
    assert asked.schema["additionalProperties"] is False


def test_openai_answers(first: Models) -> None:
    answer = caller(openai(first)).ask(asking())
    [asked] = first.asked
    assert answer.value == Verdict(**GOOD)
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == "Bearer key-o"
    assert answer.trail[0].usage is not None
    assert answer.trail[0].usage.output == 200
    assert answer.trail[0].cost == pytest.approx((1000 * 0.15 + 200 * 0.6) / 1e6)


def test_a_compatible_server_answers_without_a_key_and_its_price_is_unknown(first: Models) -> None:
    answer = caller(compatible(first)).ask(asking())
    [asked] = first.asked
    assert (asked.path, asked.body["model"]) == ("/v1/chat/completions", "local-model")
    assert "authorization" not in asked.headers
    assert answer.trail[0].cost is None


def test_a_429_is_asked_again_once_after_a_second_and_then_the_next(first: Models, second: Models) -> None:
    first.script, pauses = [429, 429, 429], Pauses()
    answer = caller(anthropic(first), openai(second), pauses=pauses).ask(asking())
    assert pauses == [1.0]
    assert len(first.asked) == 2
    assert [attempt.outcome for attempt in answer.trail] == ["rate_limited", "rate_limited", "ok"]
    assert answer.trail[-1].provider is Kind.OPENAI


def test_a_429_that_passes_stays_with_the_provider(first: Models, second: Models) -> None:
    first.script, pauses = [429, "ok"], Pauses()
    answer = caller(anthropic(first), openai(second), pauses=pauses).ask(asking())
    assert [attempt.outcome for attempt in answer.trail] == ["rate_limited", "ok"]
    assert (pauses, second.asked) == ([1.0], [])


@pytest.mark.parametrize("sse", [True, False])
@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        (529, "declined"),
        (500, "declined"),
        (401, "declined"),
        (307, "declined"),
        ("truncated", "wrong_shape"),
        ("schema", "wrong_shape"),
        ("refusal", "wrong_shape"),
        ("drop", "unreachable"),
    ],
)
def test_any_other_failure_goes_on_at_once(
    first: Models, second: Models, step: int | str, outcome: str, sse: bool
) -> None:
    first.script, first.sse, pauses = [step], sse, Pauses()
    answer = caller(anthropic(first), openai(second), pauses=pauses).ask(asking())
    assert [attempt.outcome for attempt in answer.trail] == [outcome, "ok"]
    assert (len(first.asked), pauses) == (1, [])


@pytest.mark.parametrize("step", ["truncated", "schema", "refusal", "cut_stream", 529])
def test_openai_that_fails_goes_on_to_the_compatible_server(first: Models, second: Models, step: int | str) -> None:
    first.script = [step]
    answer = caller(compatible(second), openai(first)).ask(asking())
    assert [attempt.provider for attempt in answer.trail] == [Kind.OPENAI, Kind.COMPATIBLE]


def test_a_stream_that_is_cut_counts_as_no_answer(first: Models) -> None:
    first.script = ["cut_stream"]
    with pytest.raises(Unanswered) as failed:
        caller(anthropic(first)).ask(asking())
    assert failed.value.trail[0].outcome == "wrong_shape"


def test_a_slow_provider_is_left_behind(first: Models, second: Models) -> None:
    first.script = ["slow"]
    given: list[float] = []

    def impatient(post: Post) -> Reply:
        given.append(post.seconds)
        return send(replace(post, seconds=0.3) if post.url.startswith(first.base) else post)

    answer = replace(caller(anthropic(first), openai(second), seconds=60.0), send=impatient).ask(asking())
    assert given == [60.0, 60.0]
    assert [attempt.outcome for attempt in answer.trail] == ["unreachable", "ok"]


def test_what_a_broken_answer_cost_is_kept(first: Models) -> None:
    first.script = ["schema"]
    with pytest.raises(Unanswered) as failed:
        caller(anthropic(first)).ask(asking())
    [attempt] = failed.value.trail
    assert attempt.usage is not None
    assert attempt.cost
    assert attempt.usage.output == 340


def test_a_value_out_of_bounds_breaks_the_shape(first: Models, second: Models) -> None:
    first.make = lambda body: {"word": "fine", "number": 70}
    answer = caller(anthropic(first), openai(second)).ask(asking())
    assert "number" in answer.trail[0].detail


def test_nobody_configured() -> None:
    with pytest.raises(NotConfigured):
        caller().ask(asking())
    with pytest.raises(NotConfigured):
        caller(Provider(kind=Kind.ANTHROPIC), Provider(kind=Kind.COMPATIBLE, base_url="http://x/v1")).ask(asking())


def test_the_order_is_anthropic_openai_compatible(first: Models) -> None:
    order = candidates([compatible(first), openai(first), anthropic(first)], Purpose.ANALYSIS)
    assert [candidate.provider.kind for candidate in order] == list(Kind)
    small = candidates([openai(first), anthropic(first)], Purpose.ACCESSIBILITY)
    assert [candidate.model for candidate in small] == ["claude-haiku-4-5-20251001", "gpt-4o-mini"]


def test_secrets_never_leave_and_keys_never_show(first: Models) -> None:
    provider = anthropic(first)
    caller(provider).ask(asking("the password=hunter2secret of bob@mail.example.org"))
    assert "hunter2secret" not in first.asked[0].user
    assert "bob@" not in first.asked[0].user
    assert "key-a" not in repr(provider)


def test_a_refusal_does_not_repeat_what_the_provider_said(first: Models) -> None:
    first.script = [401]
    with pytest.raises(Unanswered) as failed:
        caller(anthropic(first)).ask(asking())
    assert "told to say" not in str(failed.value) + failed.value.trail[0].detail


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (401, "answered 401, the key was refused"),
        (403, "answered 403, the key was refused"),
        (404, "answered 404, no such model or address"),
        (429, "answered 429, too many questions"),
        (400, "answered 400, the question was refused"),
        (307, "answered 307, the address leads elsewhere"),
        (500, "answered 500, the provider failed"),
        (529, "answered 529, the provider failed"),
        ("schema", "the answer had another shape than asked for"),
        ("drop", "could not be reached in time"),
    ],
)
def test_a_failure_says_what_to_look_at(first: Models, step: int | str, words: str) -> None:
    first.script = [step] * 2
    with pytest.raises(Unanswered) as failed:
        caller(openai(first)).ask(asking())
    assert f"openai gpt-4o-mini: {words}" in str(failed.value)
    assert "told to say" not in str(failed.value)
    assert "127.0.0.1" not in str(failed.value)
    if isinstance(step, int):
        assert failed.value.trail[0].detail == words


def test_the_prompt_hash_tells_prompts_apart(first: Models) -> None:
    one = caller(anthropic(first)).ask(asking("a")).trail[0].prompt_hash
    other = caller(anthropic(first)).ask(asking("b")).trail[0].prompt_hash
    again = caller(anthropic(first)).ask(asking("a")).trail[0].prompt_hash
    assert one == again != other
