"""Puts a turn's messages into a session once, and finds the agent's turn that answers them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from backends.agents.client import NotThere
from backends.agents.mend import offered, without_pictures
from backends.agents.outcome import answer
from backends.agents.session import Item, RemoteSession, Session, message
from backends.content.attachments import opened
from backends.content.message_text import never_empty, plain
from backends.protocol import ReplyFailed, ReplyRequest, ThreadLost, Tool
from backends.provider.polling import Sleep, looks
from backends.provider.quirks import Quirks, insist
from backends.provider.refusals import JsonObject
from backends.provider.retry import AttemptFailed
from events.details import Detail

log = structlog.get_logger("recado.backends")

COURTESY = 10.0
"""Seconds of waiting for a foreign turn before it is cancelled; at most a third of the patience."""

ENDS_WITHIN = 5.0
"""Seconds of waiting for a turn that was told to stop."""

SHOWS_WITHIN = 10.0
"""Seconds within which a message that was accepted should be listed."""

TURN, AFTER = "recado_turn", "recado_after"
"""Metadata of a session: the turn that was begun last, and the newest item before its messages."""


class Starting:
    """Finds the agent's turn that answers `request`, or begins one.

    Items and turns bear no mark of ours, and a person may say the same twice. So before the first message of a turn the
    session's metadata gets the turn's id and the newest item: all later items belong to the turn. `hosted` are the
    session's tools other than functions; None: a saved agent has its own. `quirks` are what is known of the server.
    """

    def __init__(
        self,
        session: RemoteSession,
        request: ReplyRequest,
        hosted: Sequence[Mapping[str, Any]] | None,
        quirks: Quirks,
        sleep: Sleep,
    ) -> None:
        self.began = _now()
        self._session = session
        self._request = request
        self._hosted = hosted
        self._quirks = quirks
        self._sleep = sleep
        self._texts = [never_empty(line) for line in request.messages]
        self._again = f"You have not answered yet. Please answer now. ({request.attempt})"

    async def adopt_or_start(self) -> str:
        """The id of the agent's turn. After AttemptFailed it can be called again. Raises ThreadLost, ReplyFailed."""
        texts, waits = self._texts, looks()
        while True:
            shown = await self._look()
            marked = shown.metadata.get(TURN) == self._request.turn
            if marked:
                items = await self._session.items_after(shown.metadata.get(AFTER, ""))
                begun = await self._begun(items)
                if begun is not None:
                    return begun
                texts = self._texts if turn_of(items, self._texts) is None else [self._again]
            if not shown.active:
                break
            await self._make_room(shown)
            await self._sleep(next(waits))
        after = shown.metadata.get(AFTER, "") if marked else await self._mark(shown)
        key = f"{self._session.id}:{self._request.turn}:{self._request.attempt}"
        if texts == self._texts:
            await self._send(key)
        else:
            await self._session.send([message(text) for text in texts], f"{key}:again")
        return await self._listed(after, texts)

    async def _said(self) -> list[dict[str, object]]:
        """The turn's messages with their pictures."""
        sent = await opened(self._request.messages, self._request.files)
        return [
            message(text, [file.url for file in each.files if file.body is not None])
            for text, each in zip(self._texts, sent, strict=True)
        ]

    async def _send(self, key: str) -> None:
        body: JsonObject = {"input": await self._said()}

        async def send(taken: JsonObject) -> None:
            # A server may answer a key that it has refused once by the same refusal.
            await self._session.send(taken["input"], key if taken is body else f"{key}:bare")

        await insist(send, body, self._quirks, without_pictures)

    async def _look(self) -> Session:
        try:
            shown = await self._session.look()
        except AttemptFailed as failure:
            if failure.error_class == "bad_request" and not isinstance(failure, NotThere):  # it is no id of a session
                raise ThreadLost(self._session.id, failure.detail) from failure
            raise
        if shown.status == "failed":
            raise ThreadLost(self._session.id, f"the session failed: {shown.error}")
        if shown.status == "budget_reached":
            raise ReplyFailed("quota_exhausted", Detail.BUDGET_REACHED.said())
        return shown

    async def _begun(self, items: Sequence[Item]) -> str | None:
        """The agent's turn that holds this attempt, or an earlier attempt that has not ended without a reply."""
        again = turn_of(items, [self._again])
        sent = turn_of(items, self._texts)
        if again is not None or sent is None or self._request.attempt == 1:
            return again or sent
        try:
            turn = await self._session.turn(sent)
        except NotThere:
            return None
        if turn.status != "completed":
            return None if turn.ended else sent
        return sent if answer(turn, await self._session.items_of(sent), "") is not None else None

    async def _make_room(self, shown: Session) -> None:
        """Cancel another active turn, which a message would steer now; before that it has time to end by itself."""
        courtesy = min(COURTESY, self._request.patience / 3)
        passed = _now() - self.began
        if passed > courtesy + ENDS_WITHIN:
            raise ThreadLost(self._session.id, "a turn in it cannot be stopped")
        if passed > courtesy or shown.status == "requires_action":
            log.info("foreign_turn_cancelled", session=self._session.id, status=shown.status)
            await self._session.cancel()

    async def _mark(self, shown: Session) -> str:
        """Write the turn, its beginning and recado's functions into the session; returns the newest item before it."""
        after = await self._session.newest_item()
        metadata = shown.metadata | {TURN: self._request.turn, AFTER: after}
        tools = function_tools(self._request.tools)
        known = [_defined(tool) for tool in shown.agent.tools if tool.get("type") == "function"]
        if known == offered({"tools": tools}, self._quirks.found)["tools"]:
            await self._session.update({"metadata": metadata})
            return after
        # A saved agent's tools are sent back as the API shows them; if the tools are ours, we have them in full.
        shown_others = [tool for tool in shown.agent.tools if tool.get("type") != "function"]
        others = shown_others if self._hosted is None else self._hosted

        async def offer(body: JsonObject) -> None:
            await self._session.update({"metadata": metadata, "agent": body})

        await insist(offer, {"tools": [*others, *tools]}, self._quirks, offered)
        return after

    async def _listed(self, after: str, texts: Sequence[str]) -> str:
        """The agent's turn with `texts` after the item `after`. The server lists a message some time after accepting
        it."""
        until = _now() + SHOWS_WITHIN
        for wait in looks():
            turn = turn_of(await self._session.items_after(after), texts)
            if turn is not None:
                return turn
            if _now() + wait > until:
                raise AttemptFailed("provider_error", Detail.VANISHED_MESSAGE.said(), in_doubt=True)
            await self._sleep(wait)
        raise AssertionError("there is always one more look")


def turn_of(items: Sequence[Item], texts: Sequence[str]) -> str | None:
    """The agent's turn in which a user last says `texts`, one after the other; None if `items` have no such turn."""
    said = [item for item in items if item.type == "message" and item.role == "user"]
    for first in range(len(said) - len(texts), -1, -1):
        found = said[first : first + len(texts)]
        if [plain(item.text) for item in found] == [plain(text) for text in texts]:
            return found[-1].turn_id
    return None


def function_tools(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    return [
        {"type": "function", "name": tool.name, "description": tool.description, "parameters": tool.parameters}
        for tool in tools
    ]


def _defined(tool: Mapping[str, Any]) -> dict[str, Any]:
    """A session's function without the fields that the server adds."""
    return {name: tool.get(name) for name in ("type", "name", "description", "parameters")}


def _now() -> float:
    return asyncio.get_running_loop().time()
