"""One thread at a server of the Assistants API (v2): each method makes one request.

The shapes are those of `openai.types.beta.threads` in openai 3.54, without the fields that are not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from backends.assistants.client import NotThere, ThreadsWire
from backends.provider.raw_post import Query
from events.numbers import whole_number

Status = Literal[
    "queued",
    "in_progress",
    "requires_action",
    "cancelling",
    "cancelled",
    "failed",
    "completed",
    "incomplete",
    "expired",
]
ACTIVE: frozenset[Status] = frozenset({"queued", "in_progress", "requires_action", "cancelling"})
"""A run in one of these locks its thread: no message can be added and no other run started."""


PICTURES_KEPT = 30 * 24 * 3600.0
"""Seconds for which the server keeps a picture: the longest that OpenAI's API takes."""


class Function(msgspec.Struct, frozen=True):
    name: str
    arguments: Any = None


class Called(msgspec.Struct, frozen=True):
    id: str
    function: Function


class ToolOutputs(msgspec.Struct, frozen=True):
    tool_calls: list[Called]


class RequiredAction(msgspec.Struct, frozen=True):
    submit_tool_outputs: ToolOutputs


class LastError(msgspec.Struct, frozen=True):
    code: str | None = None
    message: str | None = None


class Incomplete(msgspec.Struct, frozen=True):
    reason: str | None = None


class TokenCount(msgspec.Struct, frozen=True):
    prompt_tokens: Any = None
    completion_tokens: Any = None
    prompt_token_details: Any = None


class Run(msgspec.Struct, frozen=True):
    id: str
    status: Status
    metadata: dict[str, object] | None = None
    required_action: RequiredAction | None = None
    last_error: LastError | None = None
    incomplete_details: Incomplete | None = None
    usage: TokenCount | None = None
    model: str | None = None

    @property
    def turn(self) -> str | None:
        """The turn that the run answers; None if it was not started by recado."""
        return _word(self.metadata, "turn")

    @property
    def attempt(self) -> int:
        """The attempt at the turn that it is; 0 if that is unknown."""
        return whole_number(_word(self.metadata, "attempt") or "") or 0

    @property
    def active(self) -> bool:
        return self.status in ACTIVE

    @property
    def works(self) -> bool:
        """True if the run may still give a reply."""
        return self.active and self.status != "cancelling"


class Said(msgspec.Struct, frozen=True):
    value: str = ""


class Part(msgspec.Struct, frozen=True):
    type: str
    text: Said | list[Said] | str | None = None  # a list at myla 0.2.40
    refusal: str | None = None

    @property
    def value(self) -> str:
        if isinstance(self.text, str):
            return self.text
        said = [self.text] if isinstance(self.text, Said) else self.text or []
        return "".join(one.value for one in said)


class Message(msgspec.Struct, frozen=True):
    id: str
    role: str
    content: list[Part]
    run_id: str | None = None
    metadata: dict[str, object] | None = None

    @property
    def stands_for(self) -> str | None:
        """Id of the chat's message that this is a copy of; None if recado did not add it for one."""
        return _word(self.metadata, "message")

    @property
    def place(self) -> str | None:
        """Its place in the history that the thread was seeded with; None if it is no part of that."""
        return _word(self.metadata, "history")


class Page(msgspec.Struct, frozen=True):
    """Messages, the newest first; `has_more` if there are older ones."""

    data: list[Message]
    has_more: bool = False


class Named(msgspec.Struct, frozen=True):
    id: str


class Runs(msgspec.Struct, frozen=True):
    data: list[Run]


class OwnTools(msgspec.Struct, frozen=True):
    """The tools of an assistant, as the API gives them."""

    tools: list[dict[str, Any]] = []


class RemoteThread:
    """The thread `id`. Every method raises NotThere if the thread, or the requested part of it, is not there."""

    def __init__(self, wire: ThreadsWire, id: str, within: float) -> None:  # noqa: A002 - it is the API's word
        self.id = id
        self._wire = wire
        self._within = within
        self._path = f"/threads/{quote(id, safe='')}"

    async def is_there(self) -> bool:
        try:
            await self._wire.get(self._path, Named, self._within)
        except NotThere:
            return False
        return True

    async def runs(self) -> list[Run]:
        """The newest runs, the newest first."""
        newest: Query = {"order": "desc", "limit": 20}
        return (await self._wire.get(f"{self._path}/runs", Runs, self._within, newest)).data

    async def run(self, run: str) -> Run:
        return await self._wire.get(self._run(run), Run, self._within)

    async def start(self, body: Mapping[str, object]) -> Run:
        return await self._wire.post(f"{self._path}/runs", body, Run, self._within)

    async def submit(self, run: str, outputs: Mapping[str, str]) -> Run:
        told = [{"tool_call_id": call, "output": output} for call, output in outputs.items()]
        path = f"{self._run(run)}/submit_tool_outputs"
        return await self._wire.post(path, {"tool_outputs": told}, Run, self._within)

    async def cancel(self, run: str) -> Run:
        return await self._wire.post(f"{self._run(run)}/cancel", {}, Run, self._within)

    async def messages(self, limit: int, *, after: str | None = None, run: str | None = None) -> Page:
        """Up to `limit` (1-100) messages, the newest first: only those older than `after`, and of `run`, if given."""
        given: dict[str, str | int | None] = {"order": "desc", "limit": limit, "after": after, "run_id": run}
        query = {name: value for name, value in given.items() if value is not None}
        return await self._wire.get(f"{self._path}/messages", Page, self._within, query)

    async def add(self, message: Mapping[str, object]) -> None:
        await self._wire.post(f"{self._path}/messages", message, Named, self._within)

    async def upload(self, name: str, body: bytes, mime: str) -> str:
        """The id of a picture that messages may show."""
        return await self._wire.upload((name, body, mime), PICTURES_KEPT, self._within * 4)

    async def remove(self, message: str) -> None:
        await self._wire.delete(f"{self._path}/messages/{quote(message, safe='')}", Named, self._within)

    def _run(self, run: str) -> str:
        return f"{self._path}/runs/{quote(run, safe='')}"


def _word(metadata: Mapping[str, object] | None, key: str) -> str | None:
    word = (metadata or {}).get(key)
    return word if isinstance(word, str) else None
