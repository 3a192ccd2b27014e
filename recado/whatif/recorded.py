"""Recorded results for a replay: the log gives the results of tools and files, so that neither is used again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import structlog

from actors import handoff
from actors.media_files import Objects, Settled
from actors.tools.built_in import BuiltIn
from actors.tools.look_up import LookUp
from actors.tools.protocol import ToolResult
from backends.protocol import Tool
from chat.built_in import LOOK_UP
from chat.references import Referring
from events.decisions import MediaRead
from events.details import Detail
from events.inbound import Media
from events.log import LogUnavailable
from events.subjects import ChatKey
from recado.whatif.past import MadeCall

log = structlog.get_logger("recado.whatif")

NOT_MADE = "This call was not made: this is a rehearsal, and the same call was not made before. Answer without it."
"""The result of a call without a recorded result."""


class CallSeen(msgspec.Struct, frozen=True):
    """A tool call of the model; `is_known` if the log has the result of the same call."""

    name: str
    arguments: str
    is_known: bool


class RecordedTools:
    """Offers an instance's tools. A call returns the result of the same call (name and arguments) in `then`, in
    order. Calls of `built_in`, and those of `look_up`, are made: they have no effect."""

    def __init__(
        self,
        offered: Sequence[Tool],
        then: Sequence[MadeCall],
        built_in: BuiltIn | None = None,
        look_up: LookUp | None = None,
    ) -> None:
        self._offered = tuple(offered)
        self._built_in = built_in
        self._look_up = look_up
        self._then = [call for call in then if call.output is not None]
        self.calls: list[CallSeen] = []

    async def offered(self, account: str) -> tuple[Tool, ...]:  # noqa: ARG002 - the protocol's
        return self._offered

    def is_safe(self, name: str) -> bool:  # noqa: ARG002 - the protocol's
        return True

    async def call(  # the protocol's
        self,
        key: ChatKey,
        name: str,
        arguments: str,
        references: Sequence[Referring] = (),  # noqa: ARG002
    ) -> ToolResult:
        if self._look_up is not None and name == LOOK_UP:  # what the documents say now is what is tried
            self.calls.append(CallSeen(name, arguments, is_known=True))
            given = _given(arguments)
            return await self._look_up.call(given if isinstance(given, dict) else {})
        same = next(
            (call for call in self._then if (call.name, _given(call.arguments)) == (name, _given(arguments))), None
        )
        if same is not None:
            self._then.remove(same)
            self.calls.append(CallSeen(name, arguments, is_known=True))
            return ToolResult(same.output or "", failed=same.failed, send=same.send, quiet=same.quiet)
        if self._built_in is not None and name in self._built_in.names:
            self.calls.append(CallSeen(name, arguments, is_known=True))
            given = _given(arguments)
            return await self._built_in.call(key.account, name, given if isinstance(given, dict) else {})
        is_handoff = name == handoff.HANDOFF and any(tool.name == name for tool in self._offered)
        self.calls.append(CallSeen(name, arguments, is_known=is_handoff))
        if is_handoff:  # asking for a human has no other effect, so it needs no recorded result
            given = _given(arguments)
            return handoff.asked(given if isinstance(given, dict) else {})
        return ToolResult(NOT_MADE, failed=True)


class RecordedFiles:
    """Files with the texts that were read then. Files that a model gets unchanged come from the object store."""

    def __init__(self, readings: Mapping[str, MediaRead], objects: Objects) -> None:
        self._readings = readings
        self._objects = objects

    async def settle(self, kind: str, media: Media, patience: float, key: ChatKey) -> Settled:  # noqa: ARG002 - the protocol's
        read = self._readings.get(media.object)
        if read is None:
            return Settled("nothing", reason="not_fetched", detail=Detail.NOT_READ_AGAIN.said())
        return Settled(read.form, text=read.text, reason=read.reason, detail=read.detail, model=read.model)

    async def read(self, name: str) -> bytes | None:
        try:
            return await self._objects.read(name)
        except LogUnavailable as error:
            log.warning("media_unavailable", object=name, reason=str(error))
            return None


def _given(arguments: str) -> Any:
    try:
        return msgspec.json.decode(arguments or "{}")
    except (msgspec.DecodeError, UnicodeError):
        return arguments
