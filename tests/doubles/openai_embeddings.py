"""POST /embeddings of the double: a text's vector comes from its words, so that texts of the same words are near."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Callable, Sequence
from typing import Any
from zlib import crc32

import msgspec
from aiohttp import web

from tests.doubles import openai_wire as wire
from tests.doubles.openai_faults import FaultQueue, error_of, spoil
from tests.doubles.openai_wire import Json, WireError

MEANT = {
    "frete": "shipping",
    "entregas": "shipping",
    "deliver": "shipping",
    "couriers": "shipping",
    "envios": "shipping",
    "troco": "change",
}
"""Words that mean the same as another word."""


def vector_of(text: str, size: int) -> list[float]:
    """The vector of a text: each word has a place in it."""
    numbers = [0.0] * size
    for word in re.findall(r"\w+", text.lower()) or ["nothing"]:
        numbers[crc32(MEANT.get(word, word).encode()) % size] += 1.0
    length = math.hypot(*numbers)
    return [number / length for number in numbers]


class EmbeddingsDouble:
    """- `size`: numbers of a vector, which may change.
    - `refuses`: a text with these words is refused with 400, in whichever request it is; empty: none is.
    - `spoils`: changes the answer before it is sent.
    - `raw`: is sent in the place of the answer; empty: the answer is.
    - `waits`: no answer is sent before it is set; None: at once.
    - `asked`: the texts of each request.
    """

    def __init__(self, refusal: Callable[[web.Request], WireError | None], faults: FaultQueue, size: int = 256) -> None:
        self._refusal = refusal
        self._faults = faults
        self.size = size
        self.refuses = ""
        self.spoils: Callable[[Json], Json] = lambda answer: answer
        self.raw = ""
        self.waits: asyncio.Event | None = None
        self.asked: list[list[str]] = []

    def routes(self) -> Sequence[web.RouteDef]:
        return [web.post("/v1/embeddings", self._embed)]

    async def _embed(self, request: web.Request) -> web.StreamResponse:
        body: dict[str, Any] = msgspec.json.decode(await request.read())
        texts = body.get("input")
        if wrong := self._refusal(request) or _problem(body):
            return _json(*wrong)
        assert isinstance(texts, list)
        self.asked.append(texts)
        if self.waits is not None:
            await self.waits.wait()
        if self.refuses and any(self.refuses in text for text in texts):
            return _json(*wire.invalid("input", "the text is too long"))
        fault = self._faults.take("\n".join(texts), 1)
        if fault is not None and (error := error_of(fault, body)):
            return _json(*error, headers=fault.headers)
        data = [
            {"object": "embedding", "index": place, "embedding": vector_of(text, self.size)}
            for place, text in enumerate(texts)
        ]
        used = {"prompt_tokens": 1, "total_tokens": 1}
        answer = self.spoils({"object": "list", "data": data, "model": body["model"], "usage": used})
        spoiled = await spoil(fault.kind, request, msgspec.json.encode(answer)) if fault is not None else None
        return spoiled or (web.Response(text=self.raw) if self.raw else _json(200, answer))


def _problem(body: Json) -> WireError | None:
    texts = body.get("input")
    if not isinstance(body.get("model"), str) or not isinstance(texts, list) or not texts:
        return wire.invalid("input", "there is none")
    if not all(isinstance(text, str) and text for text in texts):
        return wire.invalid("input", "it is blank")
    return None


def _json(status: int, body: Json, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status, body=msgspec.json.encode(body), content_type="application/json", headers=headers or {}
    )
