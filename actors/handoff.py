"""The tool with which a model asks for a human, and the exception with which a Python tool asks for one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actors.tools.protocol import ToolResult
from backends.protocol import Tool

HANDOFF: Final = "handoff"

TOOL = Tool(
    name=HANDOFF,
    description="Ask a human colleague to take over this chat: when the person asks for a human, is upset, or needs "
    "what you cannot do. You will not answer any more then; the person is told.",
    parameters={
        "type": "object",
        "properties": {"reason": {"type": "string", "description": "What the colleague has to know, in one sentence."}},
        "required": ["reason"],
        "additionalProperties": False,
    },
)


class HumanWanted(Exception):
    """Raised by a Python tool to hand the chat over to a human; `reason` tells the human why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def asked(given: Mapping[str, Any]) -> ToolResult:
    """The result of a call of the tool; arguments without a reason are unfit."""
    reason = given.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        return ToolResult("The arguments do not fit: `reason` has to be a sentence", failed=True, unfit=True)
    return ToolResult("A human was asked.", handoff=reason.strip())
