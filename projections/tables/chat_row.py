"""A chat as the writer of a projection keeps it in memory, with its running turn and its thread."""

from __future__ import annotations

import msgspec

from chat.evolve import folded
from chat.state import Chat
from events.decisions import Attention
from events.recorded import Recorded
from events.subjects import ChatKey
from projections.database import micros
from projections.tables.marks import Outgoing

_encoder = msgspec.json.Encoder()


class TurnRow(msgspec.Struct, gc=False):
    """A row of `turns`."""

    chat: int
    seq: int
    id: str
    at: int
    messages: str
    backend: str
    cause: str | None
    state: str
    by: str
    adoptions: int = 0
    adopted_at: int | None = None
    run: str | None = None
    attempt: int = 0
    ended: int | None = None
    ended_at: int | None = None
    error: str | None = None
    detail: str | None = None
    told: bool | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    profile: str | None = None
    left_open: str | None = None


class ThreadRow(msgspec.Struct, gc=False):
    """A row of `threads`."""

    chat: int
    seq: int
    backend: str
    thread: str
    reason: str
    at: int
    ended: int | None = None
    messages: int = 0
    replies: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


class ChatRow(msgspec.Struct, gc=False):
    """A chat's row in `chats`, its state, and the rows of its running turn and its thread.

    - `attention`: the open attention, as JSON, and `asked_at`: the log's stamp on it.
    - `failed`: the last turn failed, and nothing was answered since.
    - `outgoing`: the last replies and how far they got.
    - `words`: by which the search finds the chat; None: they are to be made.
    - `attention`: the open attention, as JSON.
    - `labels`: those in the table `labels`.
    - `has_receipts`: its first receipt is noted, as far as is known in memory.
    """

    id: int
    key: ChatKey
    state: Chat
    name: str | None = None
    last_at: int = 0
    messages: int = 0
    replies: int = 0
    attention: str | None = None
    asked_at: int | None = None
    failed: bool = False
    outgoing: Outgoing = msgspec.field(default_factory=dict)
    words: str | None = None
    turn: TurnRow | None = None
    thread: ThreadRow | None = None
    has_receipts: bool = False
    labels: tuple[str, ...] = ()

    def fold(self, recorded: Recorded) -> tuple[bool, Exception | None]:
        """Bring the state up to `recorded`. Returns whether that changed anything, and the exception of a fold that
        could not take the event."""
        state, defect = folded(self.state, recorded)
        changed = state is not self.state
        self.state = state
        if isinstance(recorded.event, Attention):
            self.attention, self.asked_at = _encoder.encode(recorded.event).decode(), micros(recorded.at)
            self.words = None
        elif state.attention is None and self.attention is not None:
            self.attention = self.asked_at = self.words = None
        return changed, defect
