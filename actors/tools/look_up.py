"""The tool with which a model looks up the business's own documents.

Its result is data: the model is told so, and that it may name as certain only what the passages say. The call logs
which passages were shown, so that a turn that goes on elsewhere answers from the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Protocol

import msgspec
import structlog
from msgspec.structs import replace

from actors.tools.passages import Found, framed, not_now, not_there
from actors.tools.protocol import ToolResult
from backends.protocol import Tool
from chat.built_in import LOOK_UP
from chat.context import readable
from chat.first_look import LONGEST_QUERY
from events.usage import Tally

_NOTHING = "Nothing in the business's documents has the words of the next message."


log = structlog.get_logger("recado.tools")


class NotSearchable(Exception):
    """The documents cannot be searched now; the message says why."""


class Knowledge(Protocol):
    """The documents of all collections."""

    async def look_up(self, collections: Sequence[str], query: str, tally: Tally | None = None) -> Sequence[Found]:
        """The passages that fit best, the best first; none if no document has such words. The tally counts the tokens
        of the question's vector. Raises NotSearchable."""


class _Query(msgspec.Struct, forbid_unknown_fields=True):
    query: Annotated[str, msgspec.Meta(max_length=LONGEST_QUERY)]


class LookUp:
    """The tool over these `collections`.

    - `hands_off`: the model may ask for a human where they have no answer.
    - `first`: recado looks up before the model is asked; the model is not offered the tool.
    """

    def __init__(
        self, collections: Sequence[str], knowledge: Knowledge, *, hands_off: bool = False, first: bool = False
    ) -> None:
        self._collections = tuple(collections)
        self._knowledge = knowledge
        self._hands_off = hands_off
        self.first = first
        self.tool = _tool(hands_off=hands_off)

    async def call(self, given: Mapping[str, Any]) -> ToolResult:
        try:
            query = readable(msgspec.convert(given, _Query).query).strip()
        except msgspec.ValidationError as error:
            return ToolResult(f"The arguments do not fit: {error}", failed=True, unfit=True)
        if not query and self.first:
            return ToolResult("")
        if not query:
            return ToolResult("The arguments do not fit: `query` has no words", failed=True, unfit=True)
        tally = Tally()
        result = await self._found(query, tally)
        return replace(result, usage=tally.usage, model=tally.model or None)

    async def _found(self, query: str, tally: Tally) -> ToolResult:
        try:
            found = await self._knowledge.look_up(self._collections, query, tally)
        except NotSearchable as fault:
            log.warning("documents_not_searched", collections=self._collections, reason=str(fault))
            return ToolResult(not_now(hands_off=self._hands_off), failed=True)
        if not found:
            return ToolResult(_NOTHING if self.first else not_there(hands_off=self._hands_off))
        return ToolResult(framed(found, hands_off=self._hands_off), passages=tuple(one.passage for one in found))


def _tool(*, hands_off: bool) -> Tool:
    """The tool as a model is told of it."""
    missing = "say so" + (", or ask a colleague with `handoff`," if hands_off else "")
    return Tool(
        name=LOOK_UP,
        description="Look up what the business's own documents say: prices, products, hours, terms, everything about "
        "the business. Call it before you answer a question about the business, also where you believe to know the "
        f"answer. Answer from the passages alone, name nothing else as certain, and {missing} where they do not have "
        "it.",
        parameters={
            "type": "object",
            "properties": {
                "query": {
                    "type": "string",
                    "description": "What to look for: the words of the question with all that it is about, in the "
                    "language of the documents.",
                }
            },
            "required": ["query"],
            "additionalProperties": False,
        },
        strict=True,
    )
