"""Asks one question: each candidate in turn until one gives an answer of the right shape.

A 429 is asked again once after a second; any other status, a fault of the transport, or an answer of the wrong shape
goes on to the next. What leaves has been redacted here, so no question can forget to.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import orjson
from pydantic import ValidationError

from surveyor.llm import prices
from surveyor.llm.interface import (
    Answer,
    Attempt,
    Declined,
    LlmError,
    NotConfigured,
    Post,
    Purpose,
    Question,
    RateLimited,
    Send,
    Spoken,
    T,
    Unanswered,
    Unreached,
    WrongShape,
)
from surveyor.llm.providers import WIRES
from surveyor.llm.redact import redact
from surveyor.llm.router import Candidate
from surveyor.llm.shape import wire_schema

PAUSE_SECONDS = 1.0
#: What a status most likely means, in words of ours: a provider's own may repeat what was sent, or a stranger's text.
_HINTS = {
    401: "the key was refused",
    402: "the account may spend no more",
    403: "the key was refused",
    404: "no such model or address",
    429: "too many questions",
}
#: How a try without a status ended. Not the ledger's detail: it may name an address that only its keepers are shown.
_ENDS = {Unreached.code: "could not be reached in time", WrongShape.code: "the answer had another shape than asked for"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who may be asked for one purpose, how to reach them, and the seconds one try may take."""

    purpose: Purpose
    candidates: Sequence[Candidate]
    send: Send
    seconds: float = 90.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def ask(self, question: Question[T]) -> Answer[T]:
        """A typed answer with its trail; raises ``NotConfigured``, or ``Unanswered`` with the trail of all tries."""
        if not self.candidates:
            raise NotConfigured("no language model is configured")
        question = replace(question, user=redact(question.user))
        trail: list[Attempt] = []
        for candidate in self.candidates:
            for again in (False, True):
                if again:
                    self.sleep(PAUSE_SECONDS)
                value, attempt = self._try(candidate, question)
                trail.append(attempt)
                if value is not None:
                    return Answer(value=value, trail=tuple(trail))
                if attempt.outcome != RateLimited.code:
                    break
        ends = "; ".join(f"{one.provider} {one.asked}: {_ENDS.get(one.outcome, one.detail)}" for one in trail)
        raise Unanswered(f"no usable answer ({ends})", tuple(trail))

    def _try(self, candidate: Candidate, question: Question[T]) -> tuple[T | None, Attempt]:
        """Ask one candidate once."""
        provider = candidate.provider
        attempt = Attempt(
            purpose=self.purpose,
            provider=provider.kind,
            asked=candidate.model,
            model=None,
            outcome="ok",
            prompt_hash=prompt_hash(question),
            schema_version=question.version,
        )
        began = self.clock()
        try:
            spoken = self._spoken(candidate, question)
            value = _judged(spoken, question)
        except WrongShape as error:
            cost = prices.cost(provider.kind, error.model or candidate.model, error.usage)
            attempt = replace(attempt, model=error.model or None, usage=error.usage, cost=cost)
            return None, self._ended(attempt, began, error)
        except LlmError as error:
            return None, self._ended(attempt, began, error)
        model = spoken.model or candidate.model
        attempt = replace(
            attempt, model=model, usage=spoken.usage, cost=prices.cost(provider.kind, model, spoken.usage)
        )
        return value, self._ended(attempt, began)

    def _ended(self, attempt: Attempt, began: float, error: LlmError | None = None) -> Attempt:
        latency = round((self.clock() - began) * 1000)
        if error is None:
            return replace(attempt, latency_ms=latency)
        return replace(attempt, latency_ms=latency, outcome=error.code, detail=str(error)[:300])

    def _spoken(self, candidate: Candidate, question: Question[T]) -> Spoken:
        wire, provider = WIRES[candidate.provider.kind], candidate.provider
        path, headers, body = wire.request(provider, candidate.model, question, wire_schema(question.shape))
        base = (provider.base_url or wire.base_url).rstrip("/")
        reply = self.send(
            Post(
                url=base + path,
                headers={**headers, "content-type": "application/json"},
                body=orjson.dumps(body),
                seconds=self.seconds,
                trusted=provider.trusted,
            )
        )
        if not 200 <= reply.status < 300:
            failure = RateLimited if reply.status == 429 else Declined
            raise failure(f"answered {reply.status}, {_hint(reply.status)}")
        return wire.read(reply)


def _hint(status: int) -> str:
    """What a status says about what to do: the body of a refusal is not told."""
    if status >= 500:
        return "the provider failed"
    return _HINTS.get(status, "the address leads elsewhere" if status < 400 else "the question was refused")


def prompt_hash(question: Question[T]) -> str:
    """SHA-256 over all that is said to the model and the shape that is asked for."""
    said = [question.name, question.version, question.system, question.user, wire_schema(question.shape)]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _judged(spoken: Spoken, question: Question[T]) -> T:
    try:
        return question.shape.model_validate(spoken.value)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_input=False, include_url=False)[0]["loc"])
        raise WrongShape(
            f"the answer breaks its schema at {where or 'its top'}", usage=spoken.usage, model=spoken.model
        ) from None
