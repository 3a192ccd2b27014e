"""Makes the calls of tools that a model asks for."""

from __future__ import annotations

from actors.answering import Answering
from actors.handoff import HANDOFF
from actors.instance import Instance
from chat.commands import HumanAsked, ToolFinished
from chat.references import with_chosen
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
    if work.memo is not None:
        return ToolFinished(work.turn, call.id, work.memo, failed=False, send=work.memo_send, quiet=work.memo_quiet)
    if call.by != instance.incarnation and not answering.tools.is_safe(call.name):
        return ToolFinished(work.turn, call.id, INTERRUPTED, failed=True)
    references = with_chosen(instance.reads.references(key, work.messages), work.chosen)
    result = await answering.tools.call(key, call.name, call.arguments, *((references,) if references else ()))
    if result.handoff is not None:
        return HumanAsked(work.turn, result.handoff, "model" if call.name == HANDOFF else f"tool:{call.name}")
    return ToolFinished(work.turn, call.id, result.output, result.failed, result.unfit, result.send, quiet=result.quiet)
