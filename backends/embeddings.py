"""Turns texts into vectors with `POST /embeddings` of OpenAI or a compatible server.

https://platform.openai.com/docs/api-reference/embeddings/create
"""

from __future__ import annotations

import asyncio
import math
from array import array
from collections.abc import Awaitable, Callable, Sequence

import msgspec
import structlog
from prometheus_client import Counter

from backends.protocol import ReplyFailed
from backends.provider.client import Wire, count
from backends.provider.key import ApiKey
from backends.provider.retry import persist
from events.usage import MOST_TOKENS, Tally

MOST_NUMBERS = 8192
"""Numbers of a vector, at most: as many as sqlite-vec takes."""

LONGEST = 60.0
"""Seconds for the answer to one request, whether it is waited for or not."""

MOST_LATE = 32
"""Requests that go on while nobody waits for them."""

TOKENS = Counter(
    "recado_embedding_tokens", "Tokens that servers counted for vectors, by what they are of.", ["model", "of"]
)


log = structlog.get_logger("recado.backends")


class _Vector(msgspec.Struct):
    embedding: list[float]
    index: int | None = None


class _Usage(msgspec.Struct):
    usage: object = None


class _Answer(msgspec.Struct):
    data: list[_Vector]
    usage: object = None


class Embeddings:
    """One model at one server. `base_url` None is OpenAI's own.

    A request that nobody waits for any more goes on, since the server counts its tokens all the same: `late` is told
    of the model and the tokens once its answer is there.
    """

    def __init__(
        self,
        *,
        api_key: ApiKey,
        base_url: str | None,
        model: str,
        late: Callable[[str, int], None] = lambda _model, _tokens: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._model = model
        self._wire = Wire(api_key, base_url)
        self._late = late
        self._going_on: set[asyncio.Task[bytes]] = set()
        self._sleep = sleep

    async def close(self) -> None:
        for asked in self._going_on:
            asked.cancel()
        if self._going_on:
            log.warning("tokens_not_known", model=self._model, requests=len(self._going_on), reason="the process ends")
        await self._wire.close()

    async def vectors(
        self, texts: Sequence[str], patience: float, *, of: str = "documents", tally: Tally | None = None
    ) -> list[bytes]:
        """A vector for each text, in their order: 32-bit floats of the machine's byte order, of length 1, equally many
        for all. Asks again for `patience` seconds. Raises ReplyFailed.

        - `of`: `documents` or `questions`; the metric counts their tokens so.
        - `tally`: counts them too.
        """
        body = {"model": self._model, "input": list(texts), "encoding_format": "float"}

        async def ask() -> list[bytes]:
            answer = await self._asked(body, of)
            read = self._wire.read(answer, _Answer)
            found = read.data
            tokens = _tokens(read.usage)
            TOKENS.labels(self._model, of).inc(tokens)
            if tally is not None:
                tally.add(self._model, tokens)
            if (fault := _fault(found, len(texts))) is not None:
                raise self._wire.unread(answer, fault)
            return [_packed(one.embedding) for one in _in_order(found)]

        deadline = asyncio.get_running_loop().time() + patience
        return await persist(ask, turn="", deadline=deadline, sleep=self._sleep)

    async def _asked(self, body: object, of: str) -> bytes:
        asked = asyncio.create_task(self._wire.post("/embeddings", body, within=LONGEST))
        try:
            return await asyncio.shield(asked)
        except asyncio.CancelledError:
            if len(self._going_on) < MOST_LATE:
                self._going_on.add(asked)
                asked.add_done_callback(lambda one: self._came_late(one, of))
            else:
                log.warning("tokens_not_known", model=self._model, requests=1, reason="too many are late")
                asked.cancel()
            raise

    def _came_late(self, asked: asyncio.Task[bytes], of: str) -> None:
        self._going_on.discard(asked)
        if asked.cancelled():
            return
        try:
            tokens = _tokens(self._wire.read(asked.result(), _Usage).usage)
        except ReplyFailed as failure:
            log.info("late_answer_failed", model=self._model, reason=str(failure))
            return
        TOKENS.labels(self._model, of).inc(tokens)
        self._late(self._model, tokens)


def _tokens(usage: object) -> int:
    """The tokens that the server counted; 0 if it says nothing that can be read."""
    counted = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    return min(count(counted), MOST_TOKENS)


def _fault(found: Sequence[_Vector], wanted: int) -> str | None:
    """The reason for which these are not the vectors of so many texts; None if they are."""
    if len(found) != wanted:
        return f"{len(found)} vectors for {wanted} texts"
    places = {one.index for one in found}
    if places != {None} and places != set(range(wanted)):
        return "the vectors do not say which text each belongs to"
    sizes = {len(one.embedding) for one in found}
    if len(sizes) != 1:
        return "vectors of different lengths"
    if not 0 < max(sizes) <= MOST_NUMBERS:
        return f"vectors of {max(sizes):,} numbers, and 1 to {MOST_NUMBERS:,} can be searched"
    if not all(0 < math.hypot(*one.embedding) < math.inf for one in found):  # NaN is neither
        return "a vector without a direction"
    return None


def _in_order(found: list[_Vector]) -> list[_Vector]:
    return sorted(found, key=lambda one: one.index or 0)


def _packed(numbers: Sequence[float]) -> bytes:
    length = math.hypot(*numbers)
    return array("f", (number / length for number in numbers)).tobytes()
