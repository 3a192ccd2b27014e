"""Puts a turn's messages into a session once, and finds the agent's turn that answers them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from backends.agents.client import NotThere
from backends.agents.session import Item, RemoteSession, Session, message
from backends.content.attachments import opened
from backends.content.message_text import never_empty, plain
from backends.protocol import ReplyFailed, ReplyRequest, ThreadLost, Tool
from backends.provider.polling import Sleep, looks
from backends.provider.retry import AttemptFailed

log = structlog.get_logger("recado.backends")

COURTESY = 10.0
"""Seconds for which a turn of somebody else's is waited for before it is cancelled; at most a third of patience."""

ENDS_WITHIN = 5.0
"""Seconds for which a turn is waited for that was told to stop."""

SHOWS_WITHIN = 10.0
"""Seconds within which a message that was accepted should be listed."""

TURN, AFTER = "recado_turn", "recado_after"
"""Metadata of a session: the turn that was begun last, and the newest item before any of its messages."""


class Starting:
    """The search for the agent's turn that answers `request`, and its beginning if there is none.

    Items and turns bear no mark of ours, and a person may say the same twice. So before a turn's first message is sent
    the session's metadata says whose turn it is and where it begins: what stands behind that place is the turn's.
    `hosted` are the tools of the session beside functions; None if they are a saved agent's.
    """

    def __init__(
        self, session: RemoteSession, request: ReplyRequest, hosted: Sequence[Mapping[str, Any]] | None, sleep: Sleep
    ) -> None:
        self.began = _now()
        self._session = session
        self._request = request
        self._hosted = hosted
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
            await self._session.send(await self._said(), key)
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
            raise ReplyFailed("quota_exhausted", "the session's spending limit is reached")
        return shown

    async def _begun(self, items: Sequence[Item]) -> str | None:
        """The agent's turn in which this attempt stands; of an earlier attempt if that has not ended fruitlessly."""
        again = turn_of(items, [self._again])
        sent = turn_of(items, self._texts)
        if again is not None or sent is None or self._request.attempt == 1:
            return again or sent
        try:
            turn = await self._session.turn(sent)
        except NotThere:
            return None
        return sent if not turn.ended or turn.status == "completed" else None

    async def _make_room(self, shown: Session) -> None:
        """Another turn is active, and what is sent now would steer it: it may end by itself, then it is cancelled."""
        courtesy = min(COURTESY, self._request.patience / 3)
        passed = _now() - self.began
        if passed > courtesy + ENDS_WITHIN:
            raise ThreadLost(self._session.id, "a turn in it cannot be stopped")
        if passed > courtesy or shown.status == "requires_action":
            log.info("foreign_turn_cancelled", session=self._session.id, status=shown.status)
            await self._session.cancel()

    async def _mark(self, shown: Session) -> str:
        """Say in the session whose turn begins where, and which functions recado carries out; where it begins."""
        after = await self._session.newest_item()
        changes: dict[str, Any] = {"metadata": shown.metadata | {TURN: self._request.turn, AFTER: after}}
        tools = function_tools(self._request.tools)
        if tools != [_defined(tool) for tool in shown.agent.tools if tool.get("type") == "function"]:
            # Of a saved agent's tools all is sent back that the API shows; where the tools are ours, all is known.
            shown_others = [tool for tool in shown.agent.tools if tool.get("type") != "function"]
            others = shown_others if self._hosted is None else self._hosted
            changes["agent"] = {"tools": [*others, *tools]}
        await self._session.update(changes)
        return after

    async def _listed(self, after: str, texts: Sequence[str]) -> str:
        """The turn that stands with `texts` behind `after`: acceptance comes before they are listed."""
        until = _now() + SHOWS_WITHIN
        for wait in looks():
            turn = turn_of(await self._session.items_after(after), texts)
            if turn is not None:
                return turn
            if _now() + wait > until:
                raise AttemptFailed("provider_error", "the message was accepted and is not there", in_doubt=True)
            await self._sleep(wait)
        raise AssertionError("there is always one more look")


def turn_of(items: Sequence[Item], texts: Sequence[str]) -> str | None:
    """The turn of the last place in `items` where a user says `texts`, one after the other; None if there is none."""
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
    """A session's function without what the server adds to it."""
    return {name: tool.get(name) for name in ("type", "name", "description", "parameters")}


def _now() -> float:
    return asyncio.get_running_loop().time()
