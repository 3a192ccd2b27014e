"""Folds the steps of a turn: files, runs and calls of tools."""

from __future__ import annotations

from msgspec.structs import replace

from chat.changes import Changes
from chat.spending import with_used
from chat.state import Chat
from chat.turn import Call, InTools, Turn, called, reading, returned, run_of, run_started, unread_of
from events.decisions import MediaRead, RunStarted
from events.recorded import Recorded
from events.tool_calls import ToolCalled, ToolReturned


def media_read(chat: Chat, event: MediaRead, recorded: Recorded) -> Changes:
    turn = chat.turn
    if turn is None or turn.id != event.turn or event.message not in (unread := unread_of(turn.phase)):
        return {}
    is_void = event.form == "nothing" and event.bare
    read = replace(
        turn,
        phase=reading(tuple(message for message in unread if message != event.message)),
        void=(*turn.void, event.message) if is_void else turn.void,
        void_reason=(turn.void_reason or _file_reason(event)) if is_void else turn.void_reason,
        read_at=recorded.seq,
        spent=turn.spent + event.usage,
        used=with_used(turn.used, event.model or "", event.usage),
        adoptions=0,
    )
    return {"turn": read}


def _file_reason(event: MediaRead) -> str:
    """The reason that the file gave nothing; older versions wrote `unreadable`, now a word for bytes of the log."""
    return "file_unreadable" if event.reason in (None, "unreadable") else event.reason


def run_begun(chat: Chat, event: RunStarted, _: Recorded) -> Changes:
    turn = chat.turn
    if turn is None or turn.id != event.turn:
        return {}
    phase = run_started(turn.phase, event.run, continues=turn.attempt == event.attempt)
    changed = replace(_spent(turn, event), phase=phase, attempt=event.attempt, adoptions=0)
    return {"turn": changed}


def tool_called(chat: Chat, event: ToolCalled, recorded: Recorded) -> Changes:
    turn = chat.turn
    if turn is None or turn.id != event.turn:
        return {}
    by = recorded.msg_id.rpartition(":")[0]
    call = Call(event.call, event.name, event.arguments, by, run_of(turn.phase), raw=event.raw)
    changed = replace(_spent(turn, event), phase=called(turn.phase, event.call), adoptions=0)
    unheard = turn.unheard and isinstance(turn.phase, InTools)
    return {"turn": replace(changed, calls=(*turn.calls, call), unheard=unheard)}


def _spent(turn: Turn, event: RunStarted | ToolCalled | ToolReturned) -> Turn:
    """The turn with the cost of the event, by model if it names one."""
    used = turn.used if event.model is None else with_used(turn.used, event.model, event.usage)
    return replace(turn, spent=turn.spent + event.usage, used=used)


def tool_returned(chat: Chat, event: ToolReturned, _: Recorded) -> Changes:
    turn = chat.turn
    if turn is None or turn.id != event.turn:
        return {}
    calls = [
        replace(
            call,
            output=event.output,
            unfit=event.unfit,
            failed=event.failed,
            send=event.send,
            quiet=event.quiet,
            passages=event.passages,
            quote=event.quote,
        )
        if call.id == event.call and call.output is None
        else call
        for call in turn.calls
    ]
    changed = replace(_spent(turn, event), phase=returned(turn.phase, event.call), calls=tuple(calls), adoptions=0)
    return {"turn": changed if event.quiet else replace(changed, unheard=True)}
