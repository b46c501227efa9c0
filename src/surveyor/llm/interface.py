"""What providers, the router and the questions share: plain values, one tree of errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel

T = TypeVar("T", bound=BaseModel)


class Kind(StrEnum):
    """A wire and whose it is, in the order in which providers are asked."""

    ANTHROPIC = "anthropic"
    OPENAI = "openai"
    COMPATIBLE = "compatible"


class Purpose(StrEnum):
    """What a model is asked for; each has a model of its own at every provider."""

    ANALYSIS = "analysis"
    ACCESSIBILITY = "accessibility"


class LlmError(Exception):
    """A question that got no usable answer; ``code`` is stable, the message is for people and holds no secret."""

    code: ClassVar[str] = "llm_error"


class NotConfigured(LlmError):
    """There is nobody to ask."""

    code = "not_configured"


class RateLimited(LlmError):
    """The provider said 429."""

    code = "rate_limited"


class Declined(LlmError):
    """The provider answered with another status than success."""

    code = "declined"


class Unreached(LlmError):
    """The transport failed: no connection, a refused address, no whole answer in time."""

    code = "unreachable"


class WrongShape(LlmError):
    """An answer came and is not what was asked for: cut off, not JSON, or against the schema.

    ``usage`` and ``model`` are what it cost and who spoke, where the answer still said so.
    """

    code = "wrong_shape"

    def __init__(self, message: str, *, usage: Usage | None = None, model: str | None = None) -> None:
        super().__init__(message)
        self.usage, self.model = usage, model


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one answer, as the provider counts them."""

    input: int = 0
    output: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Somebody to ask. ``base_url`` is without a slash at the end; ``models`` by purpose; a local one needs no key.

    ``trusted`` says that the operator gave the address, so that it may be a private one.
    """

    kind: Kind
    key: str | None = field(default=None, repr=False)
    base_url: str = ""
    models: Mapping[Purpose, str] = field(default_factory=dict)
    trusted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Generic[T]):
    """One prompt and the type of its answer. ``version`` is the prompt's and the schema's in one word."""

    name: str
    version: str
    system: str
    user: str
    shape: type[T]
    max_tokens: int = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One HTTP request, JSON in, nothing followed; ``seconds`` for the whole of it."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    seconds: float
    trusted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back: the media type in lower case without parameters, the body whole."""

    status: int
    media_type: str
    body: bytes


#: Sends one request; raises ``Unreached``.
Send = Callable[[Post], Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What a provider's wire says in an answer: who really spoke, the tokens, the JSON value before it is judged."""

    model: str
    usage: Usage
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How one provider is spoken to: a request from a question, and an answer from a reply (raises ``WrongShape``)."""

    kind: Kind
    base_url: str
    request: Callable[[Provider, str, Question[Any], Mapping[str, Any]], tuple[str, Mapping[str, str], Any]]
    read: Callable[[Reply], Spoken]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try, for the ledger: who was asked, who answered, what it cost in tokens, US dollars and milliseconds.

    ``outcome`` is ``ok`` or an error's code; ``cost`` is ``None`` where no price is known, which is not nothing.
    """

    purpose: Purpose
    provider: Kind
    asked: str
    model: str | None
    outcome: str
    detail: str = ""
    usage: Usage | None = None
    cost: float | None = None
    latency_ms: int = 0
    prompt_hash: str = ""
    schema_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[T]):
    """A typed answer with its trail; the last attempt is the one that gave it."""

    value: T
    trail: tuple[Attempt, ...]

    @property
    def model(self) -> str:
        """The model that really answered."""
        return self.trail[-1].model or self.trail[-1].asked


class Unanswered(LlmError):
    """Everybody was asked and nobody gave a usable answer; ``trail`` says how each try ended."""

    code = "unanswered"

    def __init__(self, message: str, trail: tuple[Attempt, ...]) -> None:
        super().__init__(message)
        self.trail = trail
