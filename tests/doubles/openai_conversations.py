"""Conversations and their items, as api.openai.com keeps them: the state, and what it refuses."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from openai.types.conversations.conversation_create_params import ConversationCreateParams
from openai.types.conversations.item_create_params import ItemCreateParams
from pydantic import TypeAdapter, ValidationError

from tests.doubles import openai_wire as wire
from tests.doubles.moment import without_moment
from tests.doubles.openai_wire import Json, WireError

AT_ONCE = 20
_CREATE: TypeAdapter[Any] = TypeAdapter(ConversationCreateParams)
_ITEMS: TypeAdapter[Any] = TypeAdapter(ItemCreateParams)


class Refused(Exception):
    """The request gets this error."""

    def __init__(self, error: WireError) -> None:
        super().__init__(error.body)
        self.error = error


class Conversation(msgspec.Struct):
    """`active` are the ids of the responses that are being made in it."""

    id: str
    metadata: Json
    created_at: int
    items: list[Json] = []
    active: list[str] = []

    def object(self) -> Json:
        return {
            "id": self.id,
            "object": "conversation",
            "created_at": self.created_at,
            "metadata": self.metadata,
        }

    def said(self) -> list[tuple[str, str]]:
        """Its messages: who, and what."""
        return [(item["role"], text_of(item)) for item in self.items if item["type"] == "message"]


class Conversations:
    """All of them, by id. `bare`: text is kept as it was sent, a string, as ogx does."""

    def __init__(self) -> None:
        self.bare = False
        self.all: dict[str, Conversation] = {}
        self.left: list[Json] = []  # items of conversations that were deleted with them
        self._numbers = itertools.count(1)

    def create(self, body: Json) -> Conversation:
        checked(_CREATE, body, ConversationCreateParams.__optional_keys__, "items")
        items = self.stored(body.get("items") or ())
        made = Conversation(f"conv_double{next(self._numbers):06}", body.get("metadata") or {}, int(time.time()), items)
        self.all[made.id] = made
        return made

    def find(self, id_: str) -> Conversation:
        if not id_.startswith("conv_"):
            message = f"Invalid 'conversation_id': '{id_}'. Expected an ID that begins with 'conv'."
            raise Refused(wire.error(400, message, "invalid_request_error", param="conversation_id"))
        found = self.all.get(id_)
        if found is None:
            raise Refused(
                wire.error(404, f"Conversation with id '{id_}' not found.", "invalid_request_error", param=None)
            )
        return found

    def add(self, conversation: Conversation, body: Json) -> Json:
        checked(_ITEMS, body, {"items"}, "items")
        added = self.stored(body["items"])
        conversation.items += added
        return page(added, has_more=False)

    def list_items(self, conversation: Conversation, query: dict[str, str]) -> Json:
        limit, order, after = int(query.get("limit", 20)), query.get("order", "desc"), query.get("after")
        if not 1 <= limit <= 100:
            raise Refused(wire.invalid("limit", "expected a value between 1 and 100"))
        items = conversation.items if order == "asc" else conversation.items[::-1]
        if after is not None:
            items = items[self._place(items, after) + 1 :]
        return page(items[:limit], has_more=len(items) > limit)

    def delete(self, conversation: Conversation) -> Json:
        """Its items stay, says the API reference."""
        self.left += self.all.pop(conversation.id).items
        return {"id": conversation.id, "object": "conversation.deleted", "deleted": True}

    def delete_item(self, conversation: Conversation, item: str) -> Json:
        del conversation.items[self._place(conversation.items, item)]
        return conversation.object()

    def stored(self, items: Iterable[Json]) -> list[Json]:
        """Items of a request as they are kept: with an id and a status, and their text in parts."""
        return [self._stored(item) for item in items]

    def _stored(self, item: Json) -> Json:
        number, kind = next(self._numbers), item.get("type", "message")
        if kind != "message":
            return {"id": f"{kind[:2]}_double{number:06}", "status": "completed", **item}
        content, part = item["content"], "output_text" if item["role"] == "assistant" else "input_text"
        if isinstance(content, str) and not self.bare:
            content = [{"type": part, "text": content} | ({"annotations": []} if part == "output_text" else {})]
        return {
            "id": f"msg_double{number:06}",
            "type": "message",
            "role": item["role"],
            "status": "completed",
            "content": content,
        }

    def _place(self, items: Sequence[Json], id_: str) -> int:
        for place, item in enumerate(items):
            if item["id"] == id_:
                return place
        raise Refused(wire.error(404, f"Item with id '{id_}' not found.", "invalid_request_error"))


def text_of(item: Json) -> str:
    content = item.get("content") or ""
    return without_moment(content if isinstance(content, str) else " ".join(part.get("text", "") for part in content))


def page(items: list[Json], *, has_more: bool) -> Json:
    ends = (items[0]["id"], items[-1]["id"]) if items else ("", "")
    return {"object": "list", "data": items, "first_id": ends[0], "last_id": ends[1], "has_more": has_more}


def checked(adapter: TypeAdapter[Any], body: Json, known: Iterable[str], several: str) -> None:
    """Refuse what the openai library's own types do not allow, and more than 20 items."""
    for param in body.keys() - set(known):
        raise Refused(wire.unknown_parameter(param))
    try:
        valid = adapter.validate_python(body)
        # An Iterable is checked as it is consumed.
        for value in valid.values():
            if not isinstance(value, str | dict) and isinstance(value, Iterable):
                list(value)
    except ValidationError as error:
        first = error.errors()[0]
        raise Refused(wire.invalid(".".join(str(part) for part in first["loc"]) or several, first["msg"])) from error
    if several == "items" and len(body.get("items") or ()) > AT_ONCE:
        reason = f"array too long. Expected an array with maximum length {AT_ONCE}"
        raise Refused(wire.invalid("items", reason))
