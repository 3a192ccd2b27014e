"""The decisions about the tools that a model calls."""

from __future__ import annotations

from typing import Annotated

import msgspec

from events.inbound import Time
from events.parts import Part
from events.usage import NO_TOKENS, TokenUsage


class ToolCalled(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The model asked for a tool.

    - `call`: the provider's id of the call.
    - `arguments`: JSON as the model wrote it.
    - `usage`: the cost of the request in which the model asked, unless it is counted elsewhere.
    - `raw`: of the first call of a model's message: that message as it came, as JSON, for the server and the model
      that wrote it. The calls without it belong to the message before.
    - `model`: the model of the cost.
    """

    turn: str
    call: str
    name: str
    arguments: str
    at: Time
    usage: TokenUsage = TokenUsage()
    raw: str | None = None
    model: str | None = None


class Passage(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A piece of a document that a model was shown.

    - `document`: its collection and name, as `shop/prices.pdf`.
    - `seq`: the document's version, by its sequence in the stream KNOWLEDGE.
    - `chunk`: the piece within the document, from 0.
    - `at`: when that version was added; None: it is not known.
    """

    document: Annotated[str, msgspec.Meta(max_length=400)]
    seq: int
    chunk: int
    at: Time | None = None


class ToolReturned(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The tool's result.

    - `output`: the answer, or the error.
    - `failed`: `output` is an error.
    - `unfit`: the error is that the arguments do not fit the tool.
    - `send`: parts for the person, which go out with the answer.
    - `quote`: the answer is to quote the message that it answers.
    - `quiet`: the model need not hear of it: a question among its parts ends the turn.
    - `passages`: the pieces of documents that it shows the model.
    - `usage`, `model`: the cost of the call itself, as of a question's vector, and the model of that cost.
    """

    turn: str
    call: str
    output: str
    at: Time
    failed: bool = False
    unfit: bool = False
    send: tuple[Part, ...] = ()
    quiet: bool = False
    passages: tuple[Passage, ...] = ()
    quote: bool = False
    usage: TokenUsage = NO_TOKENS
    model: str | None = None
