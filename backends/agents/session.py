"""One session at a server of the Agents API: each method makes one request, or reads the pages of one list.

The shapes are those of `openai.types.beta.agents` in openai 3.54, without the fields that are not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from backends.agents.client import SessionsWire
from backends.provider.answer_parts import text_of
from backends.provider.raw_post import Query
from backends.provider.retry import AttemptFailed

ENDED = frozenset({"completed", "failed", "cancelled"})


class Action(msgspec.Struct, frozen=True):
    """An action that a session waits for: of type `function_call`, the output of the call `call_id`."""

    type: str
    turn_id: str | None = None
    call_id: str = ""
    name: str = ""
    arguments: Any = None


class SessionAgent(msgspec.Struct, frozen=True):
    model: str = ""
    tools: list[dict[str, Any]] = []


class Session(msgspec.Struct, frozen=True):
    id: str
    status: str
    agent: SessionAgent
    metadata: dict[str, str] = {}
    required_actions: list[Action] = []
    error: str | None = None

    @property
    def active(self) -> bool:
        """True if a turn is under way: a message that is sent now would steer it."""
        return self.status in ("in_progress", "requires_action")


class TurnError(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


class TokenCount(msgspec.Struct, frozen=True):
    input_tokens: Any = None
    output_tokens: Any = None
    input_tokens_details: Any = None


class Turn(msgspec.Struct, frozen=True):
    id: str
    status: str
    completed_at: int | None = None
    error: TurnError | None = None
    usage: TokenCount | None = None

    @property
    def ended(self) -> bool:
        return self.status in ENDED or self.completed_at is not None


class Item(msgspec.Struct, frozen=True):
    """A message of `role` (its `phase` is `commentary` or `final_answer`), or an item of another type, which is passed
    over."""

    type: str
    id: str | None = None
    turn_id: str = ""
    role: str = ""
    phase: str | None = None
    content: Any = None

    @property
    def text(self) -> str:
        """The words of a message."""
        return text_of(self.content)


class Turns(msgspec.Struct, frozen=True):
    data: list[Turn]


class Items(msgspec.Struct, frozen=True):
    data: list[Item]
    has_more: bool = False
    last_id: str | None = None


class RemoteSession:
    """The session `id`. Every method raises NotThere if the session, or the requested part of it, is not there."""

    def __init__(self, wire: SessionsWire, id: str, within: float) -> None:  # noqa: A002 - it is the API's word
        self.id = id
        self._wire = wire
        self._within = within
        self._path = f"/agents/sessions/{quote(id, safe='')}"

    async def look(self) -> Session:
        return await self._wire.get(self._path, Session, self._within)

    async def update(self, changes: Mapping[str, object]) -> None:
        await self._wire.post(self._path, changes, Session, self._within)

    async def newest_turn(self) -> Turn | None:
        newest: Query = {"order": "desc", "limit": 1}
        turns = await self._wire.get(f"{self._path}/turns", Turns, self._within, newest)
        return turns.data[0] if turns.data else None

    async def turn(self, turn: str) -> Turn:
        return await self._wire.get(self._turn(turn), Turn, self._within)

    async def newest_item(self) -> str:
        """The id of the newest item that has one (a user's old messages may have none); empty if there is none."""
        newest: Query = {"order": "desc", "limit": 20}
        items = await self._wire.get(f"{self._path}/items", Items, self._within, newest)
        return next((item.id for item in items.data if item.id), "")

    async def items_after(self, item: str) -> list[Item]:
        """All items after `item` (empty: all items), oldest first."""
        return await self._all(f"{self._path}/items", item)

    async def items_of(self, turn: str) -> list[Item]:
        """All items of a turn, oldest first."""
        return await self._all(f"{self._turn(turn)}/items", "")

    async def send(self, said: Sequence[Mapping[str, object]], key: str) -> None:
        await self._tell({"type": "agent.session.input.message", "input": said}, key)

    async def submit(self, turn: str, call: str, output: str, key: str) -> None:
        """Hand in a function's output. The failure is `in_doubt` if the server says that the call is not pending."""
        result = {"turn_id": turn, "call_id": call, "success": True, "output": output}
        try:
            await self._tell({"type": "agent.session.input.tool_result", **result}, key)
        except AttemptFailed as failure:
            if "pending tool call" in failure.detail:
                failure.in_doubt = True
            raise

    async def cancel(self) -> None:
        """Have the session's active turn end."""
        await self._tell({"type": "agent.session.input.cancel"}, None)

    async def _tell(self, event: Mapping[str, object], key: str | None) -> None:
        await self._wire.tell(f"{self._path}/events", {"events": [event]}, self._within, key)

    async def _all(self, path: str, after: str) -> list[Item]:
        found: list[Item] = []
        while True:
            query: dict[str, str | int] = {"order": "asc", "limit": 100}
            if after:
                query["after"] = after
            page = await self._wire.get(path, Items, self._within, query)
            found += page.data
            # For items of a turn the cursor is last_id, which may differ from the last item's id.
            after = page.last_id or (page.data[-1].id if page.data else None) or ""
            if not page.has_more or not page.data or not after:
                return found

    def _turn(self, turn: str) -> str:
        return f"{self._path}/turns/{quote(turn, safe='')}"


def message(text: str, pictures: Sequence[str] = ()) -> dict[str, object]:
    """A user's message, as the API takes it; `pictures` are data URLs."""
    content: list[dict[str, str]] = [{"type": "input_text", "text": text}]
    content += [{"type": "input_image", "image_url": picture} for picture in pictures]
    return {"type": "message", "role": "user", "content": content}
