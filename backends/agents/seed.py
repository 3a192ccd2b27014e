"""Seeds a new session with the chat's history.

Without an execution environment the API requires a first message from a user, which begins a turn, and it takes no
message of the assistant's. So a session begins with a note that holds the history, and the agent confirms the note.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import structlog

from backends.agents.outcome import fruitless
from backends.agents.session import RemoteSession, Turn
from backends.content.message_text import never_empty
from backends.protocol import RunLost
from backends.provider.polling import Sleep, looks
from backends.provider.retry import AttemptFailed
from chat.context import Line

log = structlog.get_logger("recado.backends")

_BEFORE = (
    "What follows was said between a person and you before this session, oldest first, one message a line as JSON "
    '("assistant" is you). Keep it in mind: the person\'s next message goes on from there. '
)
_CONFIRM = "Answer this note with OK and nothing else, and use no tool."


def note(history: Sequence[Line], rule: str = "") -> str:
    """The first message of a session; `rule` is an instruction that the agent has to follow in it."""
    confirm = f"{rule} {_CONFIRM}".lstrip()
    if not history:
        return f"A person is going to write to you. {confirm}"
    lines = [msgspec.json.encode({"role": line.role, "text": never_empty(line)}).decode() for line in history]
    return "\n".join((_BEFORE + confirm, *lines))


async def confirmed(session: RemoteSession, sleep: Sleep) -> None:
    """Return once the agent has read the note. Raises AttemptFailed if it has not: then make another session."""
    for wait in looks():
        await sleep(wait)
        turn = await session.newest_turn()
        if turn is None:
            continue
        if turn.ended:
            if turn.status == "failed":
                raise _unread(turn)
            return
        if turn.status == "waiting":
            # The agent wants a tool although the note forbids it. A cancelled turn keeps its note in the session.
            await session.cancel()


async def abandon(session: RemoteSession) -> None:
    """Best effort: cancel the turn in a session that will not be used."""
    try:
        await session.cancel()
    except AttemptFailed as failure:
        log.warning("session_left_alone", session=session.id, error_class=failure.error_class, detail=failure.detail)


def _unread(turn: Turn) -> Exception:
    end = fruitless(turn)
    return AttemptFailed("provider_error", end.detail) if isinstance(end, RunLost) else end
