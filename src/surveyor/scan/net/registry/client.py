"""A registry as its pullers see it: manifests by tag or digest, blobs by digest (OCI distribution specification 1.1).

Every connection is the guarded client's: hosts of redirects and of token realms are judged like the registry's own.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO
from urllib.parse import urlsplit

import orjson

from surveyor.scan.errors import Absent, Denied, LimitExceeded, Mismatch, Refused, Unreachable, Unsupported
from surveyor.scan.formats.reference import Reference
from surveyor.scan.net.client import Client, Sink
from surveyor.scan.net.registry import receiving
from surveyor.scan.net.registry.patience import patiently
from surveyor.scan.net.registry.token import Proof
from surveyor.scan.net.response import Response
from surveyor.scan.settings import Settings
from surveyor.scan.values import frozen

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_ACCEPT = ", ".join((*INDEXES, *MANIFESTS))
_SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+"
#: The distribution specification wants 4 MiB at least to be taken.
_MANIFEST_BYTES = 4 << 20
_MANIFEST_SECONDS = 60.0
_ERROR_BYTES = 64 << 10
_MESSAGE = 200


@frozen
class Document:
    """A manifest or an index as it was sent, verified where it was asked for by digest."""

    data: bytes
    digest: str
    media_type: str


class Registry:
    """One repository of one registry; safe to share between threads. ``wait`` sleeps for so many seconds."""

    def __init__(
        self,
        reference: Reference,
        settings: Settings,
        *,
        client: Client | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._reference = reference
        self._settings = settings
        self._client = client or Client(settings)
        self._wait = wait
        self._reached = False
        self._scheme = "https"
        self._proof = self._proven()

    def manifest(self, wanted: str, *, size: int | None = None) -> Document:
        """A manifest or index by tag or digest. Raises ``Absent``, ``Denied``, ``Unreachable``, ``Malformed`` …"""
        held: list[io.BytesIO] = []

        def hold(_answer: Response) -> BinaryIO:
            held[:] = [io.BytesIO()]
            return held[0]

        def ask() -> Response:
            headers = {"Accept": _ACCEPT}
            return self._proven_answer(f"manifests/{wanted}", headers, hold, _MANIFEST_BYTES, _MANIFEST_SECONDS)

        answer = self._opened(ask) if not self._reached else self._patiently(ask)
        if answer.truncated:
            raise LimitExceeded(f"the manifest of {wanted[:80]} has more than {_MANIFEST_BYTES:,} bytes")
        return _document(held[0].getvalue(), answer, wanted, size)

    def blob(self, digest: str, size: int, to: BinaryIO, *, tick: Callable[[int], None]) -> None:
        """Write a blob to an empty file, verified; ``tick`` hears how many bytes came and may raise to end it."""
        sink = receiving.Receiving(to, digest=digest, size=size, tick=tick)
        seconds = self._settings.limits.seconds

        def ask() -> Response:
            headers = {"Range": f"bytes={sink.done}-"} if sink.done else {}
            answer = self._proven_answer(f"blobs/{digest}", headers, sink.begin, size + 1, seconds)
            if answer.status == 416 or (answer.status == 200 and answer.get("content-length") == str(sink.done)):
                sink.verify()  # the server has no more: the size that was named is wrong, not the line
            elif answer.status in {200, 206} and not sink.whole:
                raise Unreachable(f"{digest[:19]} broke off after {sink.done:,} of {size:,} bytes")
            return answer

        self._patiently(ask)
        sink.verify()

    def _proven(self) -> Proof:
        login = self._settings.logins.of(self._reference.host)
        scope = f"repository:{self._reference.repository}:pull"
        return Proof(self._client, login, scope=scope, secure=self._scheme == "https", shown=self._shown())

    def _opened(self, ask: Callable[[], Response]) -> Response:
        """The first question, which finds out whether the registry speaks https; only some may speak http."""
        try:
            return self._patiently(ask)
        except Refused:
            raise
        except Unreachable as error:
            if self._reached or not self._may_be_plain():
                raise
            spoken = error
        self._scheme = "http"
        self._proof = self._proven()
        try:
            return self._patiently(ask)
        except Refused:
            raise
        except Unreachable:
            if self._reached:
                raise
        raise spoken

    def _may_be_plain(self) -> bool:
        split = urlsplit(f"//{self._reference.endpoint}")
        named = any(
            plain.host == (split.hostname or "") and plain.port in {None, split.port}
            for plain in self._settings.plain_registries
        )
        return named or self._reference.loopback

    def _patiently(self, attempt: Callable[[], Response]) -> Response:
        answer = patiently(attempt, trouble=self._trouble, worth=lambda: self._reached, wait=self._wait)
        if answer.status not in {200, 206}:
            raise self._trouble(answer)
        return answer

    def _proven_answer(self, path: str, headers: dict[str, str], to: Sink, max_bytes: int, seconds: float) -> Response:
        """One question with whatever proof it takes; a proof that has expired is renewed once."""
        url = f"{self._scheme}://{self._reference.endpoint}/v2/{self._reference.repository}/{path}"
        shown: str | None = None
        for _ in range(3):
            shown = self._proof.header
            proof = {} if shown is None else {"Authorization": shown}
            answer = self._answer(url, {**headers, **proof}, to, max_bytes, seconds)
            # only the registry itself says who gives its tokens: another host's challenge would draw our login there
            if answer.status != 401 or answer.hops or not self._proof.renew(answer, shown):
                return answer
        return answer

    def _answer(self, url: str, headers: dict[str, str], to: Sink, max_bytes: int, seconds: float) -> Response:
        """One request; the body of an error comes back in the answer, the one of a success goes where ``to`` says."""
        aside = _Aside()

        def place(answer: Response) -> BinaryIO:
            self._reached = True
            return to(answer) if answer.status in {200, 206} else aside

        answer = self._client.stream(url, to=place, max_bytes=max_bytes, seconds=seconds, headers=headers)
        return replace(answer, body=aside.getvalue())

    def _trouble(self, answer: Response) -> Unreachable:
        """What an answer without content means."""
        host, told = self._reference.host, _told(answer)
        words = f": {told}" if told else ""
        if answer.status in {401, 403} and answer.hops:
            return Denied(f"{host} sends to {urlsplit(answer.url).hostname}, which answers {answer.status}{words}")
        if answer.status in {401, 403}:
            return Denied(f"{host} does not let us pull {self._reference.repository}{words} ({self._shown()})")
        if answer.status == 404 and told is None:
            return Unreachable(f"{host} does not answer as a registry: 404 for {urlsplit(answer.url).path}")
        if answer.status == 404:
            return Absent(f"{host} has no {self._reference}{words}")
        return Unreachable(f"{host} answers {answer.status}{words}")

    def _shown(self) -> str:
        login = self._settings.logins.of(self._reference.host)
        if login is not None:
            return f"with the login from {login.source}"
        places = ", ".join(self._settings.logins.looked)
        return f"no login for {self._reference.host} was found{f' in {places}' if places else ''}"


class _Aside(io.BytesIO):
    """The body of an error, of which a little is enough."""

    def write(self, data: object, /) -> int:
        """Keep a piece; raises when it goes on and on."""
        if self.tell() > _ERROR_BYTES:
            raise Unreachable(f"an error with more than {_ERROR_BYTES >> 10} KiB of words")
        return super().write(data)  # type: ignore[arg-type]


def _document(data: bytes, answer: Response, wanted: str, size: int | None) -> Document:
    media_type = (answer.get("content-type") or "").partition(";")[0].strip().lower()
    if media_type.startswith(_SCHEMA_1):
        raise Unsupported(
            "the registry gives a manifest of schema 1, which was given up in 2017 and vouches for nothing:"
            " push the image anew with a present tool"
        )
    if size is not None and len(data) != size:
        raise Mismatch(f"manifest {wanted[:19]} has {len(data):,} bytes, not the {size:,} named", code="wrong_size")
    named = wanted if ":" in wanted else answer.get("docker-content-digest") or ""
    if named:
        receiving.verify(named.strip(), data)
    else:
        taken = receiving.hasher("sha256:")
        taken.update(data)
        named = f"sha256:{taken.hexdigest()}"
    return Document(data=data, digest=named.strip(), media_type=media_type)


def _told(answer: Response) -> str | None:
    """What the registry says of an error, as the specification words one; nothing when it is no registry's error."""
    try:
        document = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None
    errors = document.get("errors") if isinstance(document, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return None
    words = [value for key in ("code", "message") if isinstance(value := first.get(key), str)]
    return " ".join(words)[:_MESSAGE]
