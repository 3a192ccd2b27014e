"""The protocol of the tools that models may call, and the result of a call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from actors.tools.results import Sendable
from backends.protocol import Tool
from chat.references import Referring
from events.parts import Part
from events.subjects import ChatKey
from events.tool_calls import Passage
from events.usage import TokenUsage


class ToolResult(msgspec.Struct, frozen=True):
    """The result of a tool call.

    - `output`: text for the model.
    - `failed`: the call failed, and the text is the error.
    - `unfit`: the call failed because the arguments do not fit.
    - `handoff`: reason for which a human is to go on with the chat; None if the model goes on.
    - `send`, `quote`: parts for the person, and whether the answer is to quote the message.
    - `wanted`: the same where files are to be looked up or stored first: see LibraryParts.
    - `quiet`, `passages`, `usage`, `model`: as in ToolReturned.
    """

    output: str
    failed: bool = False
    unfit: bool = False
    handoff: str | None = None
    send: tuple[Part, ...] = ()
    wanted: tuple[Sendable, ...] = ()
    quiet: bool = False
    passages: tuple[Passage, ...] = ()
    quote: bool = False
    usage: TokenUsage = TokenUsage()
    model: str | None = None


class Tools(Protocol):
    """The tools that a profile offers to models."""

    async def offered(self, account: str) -> tuple[Tool, ...]:
        """Every tool that models may call now in chats of the account. Raises nothing."""

    def is_safe(self, name: str) -> bool:
        """True if a call may be repeated after a crash that leaves unknown whether it was made."""

    async def call(self, key: ChatKey, name: str, arguments: str, references: Sequence[Referring] = ()) -> ToolResult:
        """Make a call for the chat `key`, in a turn whose messages have these references. Raises nothing: the result
        holds the error."""


class NoTools:
    """No tools."""

    async def offered(self, account: str) -> tuple[Tool, ...]:  # noqa: ARG002 - the protocol's
        return ()

    def is_safe(self, name: str) -> bool:  # noqa: ARG002 - the protocol's
        return True

    async def call(  # the protocol's
        self,
        key: ChatKey,  # noqa: ARG002
        name: str,
        arguments: str,  # noqa: ARG002
        references: Sequence[Referring] = (),  # noqa: ARG002
    ) -> ToolResult:
        return ToolResult(f"there is no tool {name}", failed=True)
