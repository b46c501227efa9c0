"""Many calls of one moment become one transaction: who comes while one is under way waits for the next, together.

A commit waits for the disk, and one that rings a bell waits for every other that does. Alone, fifty callers at once
would wait for fifty of them, one after the other; together they wait for one or two.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Batch(Generic[Q, A]):
    """Calls ``do`` with what was asked since its last call; of one event loop.

    ``do`` answers in the order of the questions, with an exception in the place of an answer for whom alone it is
    meant; what it raises is everybody's. ``most`` bounds a call.
    """

    def __init__(self, do: Callable[[Sequence[Q]], Awaitable[Sequence[A | Exception]]], *, most: int = 64) -> None:
        self._do, self._most = do, most
        self._waiting: deque[tuple[Q, asyncio.Future[A]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, question: Q) -> A:
        """The answer to one question."""
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="batch")
        return await future

    async def _work(self) -> None:
        try:
            while self._waiting:
                taken = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._most))]
                # who has gone away meanwhile is not asked for
                await self._answer([(question, future) for question, future in taken if not future.done()])
        finally:
            self._task = None
            for _, future in self._waiting:
                future.cancel()
            self._waiting.clear()

    async def _answer(self, taken: list[tuple[Q, asyncio.Future[A]]]) -> None:
        if not taken:
            return
        done = asyncio.ensure_future(self._do([question for question, _ in taken]))  # noqa: RUF006 - waited for
        await asyncio.wait([done])
        failed = None if done.cancelled() else done.exception()
        for number, (_, future) in enumerate(taken):
            if future.done():
                continue
            if done.cancelled():
                future.cancel()
                continue
            answer = failed or done.result()[number]
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)
