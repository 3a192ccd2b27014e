"""The decisions about the tools that a model calls."""

from __future__ import annotations

import msgspec

from events.inbound import Time
from events.parts import Part
from events.usage import TokenUsage


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


class ToolReturned(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The tool's result.

    - `output`: the answer, or the error.
    - `failed`: `output` is an error.
    - `unfit`: the error is that the arguments do not fit the tool.
    - `send`: parts for the person, which go out with the answer.
    - `quiet`: the model need not hear of it: a question among its parts ends the turn.
    """

    turn: str
    call: str
    output: str
    at: Time
    failed: bool = False
    unfit: bool = False
    send: tuple[Part, ...] = ()
    quiet: bool = False
