"""Makes the calls of tools that a model asks for."""

from __future__ import annotations

from msgspec.structs import replace

from actors.answering import Answering
from actors.handoff import HANDOFF
from actors.instance import Instance
from actors.tools.protocol import ToolResult
from chat.commands import HumanAsked, ToolFinished
from chat.references import with_chosen
from chat.turn import Call
from chat.work import CallTool
from events.subjects import ChatKey

INTERRUPTED = "This call was interrupted, and nobody knows whether it was carried out. It was not made again."

WITHHELD = "This call was not made: the arguments did not fit twice. Answer without this tool."


async def call_tool(
    instance: Instance, answering: Answering, key: ChatKey, work: CallTool
) -> ToolFinished | HumanAsked:
    call = work.call
    if work.withheld:
        return ToolFinished(work.turn, call.id, WITHHELD, failed=True)
    if (memo := work.memo) is not None and memo.output is not None:
        return _finished(work, memo.output, memo)
    if call.by != instance.incarnation and not answering.tools.is_safe(call.name):
        return ToolFinished(work.turn, call.id, INTERRUPTED, failed=True)
    references = with_chosen(instance.reads.references(key, work.messages), work.chosen)
    result = await answering.tools.call(key, call.name, call.arguments, *((references,) if references else ()))
    if result.handoff is not None:
        return HumanAsked(work.turn, result.handoff, "model" if call.name == HANDOFF else f"tool:{call.name}")
    finished = _finished(work, result.output, result, failed=result.failed, unfit=result.unfit)
    return replace(finished, usage=result.usage, model=result.model)  # a repeat of a call costs nothing


def _finished(
    work: CallTool, output: str, gave: Call | ToolResult, *, failed: bool = False, unfit: bool = False
) -> ToolFinished:
    return ToolFinished(
        work.turn,
        work.call.id,
        output,
        failed,
        unfit,
        gave.send,
        quiet=gave.quiet,
        passages=gave.passages,
        quote=gave.quote,
    )
