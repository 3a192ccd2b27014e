"""The double's sessions, and their turns as time passes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from tests.doubles import openai_agents_wire as agents_wire
from tests.doubles.openai_wire import Json

ENDED = ("completed", "failed", "cancelled")


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a turn goes, as JSON on the control endpoint too; `note` is for the turn that a session begins with.

    `calls` are the rounds of function calls, each a list of [name, arguments], that it asks for before it ends.
    `waiting` waits for ever, for an approval; `queued` and `in_progress` stay so. `code` and `message` are the error of
    `failed`. What it `says` is the double's reply if it is null, and nothing if it is empty; its `comment` comes
    before that. `stubborn`: it does not stop when told to.
    """

    ending: Literal["completed", "failed", "cancelled", "waiting", "queued", "in_progress"] = "completed"
    note: bool = False
    calls: tuple[tuple[tuple[str, str], ...], ...] = ()
    code: str = "server_error"
    message: str = "The model service encountered an unexpected error."
    says: str | None = None
    comment: str = ""
    stubborn: bool = False


class SessionState:
    """`agent` is as the API shows it; what is sent while a turn is active is in `steered`, by its text."""

    def __init__(self, id_: str, agent: Json, metadata: dict[str, str]) -> None:
        self.id = id_
        self.agent = agent
        self.metadata = metadata
        self.items: list[Json] = []
        self.turns: list[TurnState] = []
        self.steered: list[str] = []
        self.keys: set[str] = set()
        self.status: str | None = None  # failed, budget_reached
        self.accepted: list[tuple[int, Callable[[], None]]] = []  # inputs, and the looks until they can be seen
        self._created = int(time.time())

    @property
    def active(self) -> TurnState | None:
        return next((turn for turn in self.turns if turn.status not in ENDED), None)

    def advance(self, *, looked: bool = False) -> None:
        self.accepted = [(looks - looked, act) for looks, act in self.accepted]
        while self.accepted and self.accepted[0][0] <= 0:
            self.accepted.pop(0)[1]()
        for turn in self.turns:
            turn.advance(time.monotonic())

    def add(self, id_: str, turn: str, type_: str, **fields: Any) -> None:
        self.items.append({"id": id_, "type": type_, "turn_id": turn, **fields})

    def says(self, role: str) -> list[str]:
        """The texts of one side."""
        return [agents_wire.text_of(item) for item in self.items if item.get("role") == role]

    def shown(self) -> Json:
        turn = self.active
        actions = turn.actions if turn is not None else []
        status = self.status or ("idle" if turn is None else "requires_action" if actions else "in_progress")
        times = {"created_at": self._created, "last_active_at": int(time.time())}
        return agents_wire.session(
            self.id, self.agent, metadata=self.metadata, status=status, required_actions=actions, **times
        )


class TurnState:
    """`write` gives the text of the reply; `fresh_id` makes ids. It takes `latency` seconds between its stops."""

    def __init__(
        self,
        session: SessionState,
        plan: Plan,
        *,
        latency: float,
        write: Callable[[SessionState], str],
        fresh_id: Callable[[str], str],
    ) -> None:
        self.id = fresh_id("turn")
        self.status = "queued"
        self.plan = plan
        self.actions: list[Json] = []
        self.outputs: list[str] = []
        self._session = session
        self._latency = latency
        self._write = write
        self._fresh_id = fresh_id
        self._rounds = list(plan.calls)
        self._usage: Json | None = None
        self._ahead: list[tuple[float, str]] = []
        self._created = int(time.time())
        self._ended: int | None = None
        self._go_on()

    def advance(self, now: float) -> None:
        while self._ahead and self._ahead[0][0] <= now:
            self.status = self._ahead.pop(0)[1]
            if self.status == "waiting":
                self._ask()
            elif self.status in ENDED:
                self._ended = int(time.time())
                if self.status == "completed":
                    self._complete()

    def cancel(self) -> None:
        if not self.plan.stubborn:
            self.actions = []
            self._ahead = [(time.monotonic() + self._latency / 3, "cancelled")]

    def submit(self, call: str, output: str) -> None:
        self.outputs.append(output)
        self.actions = [action for action in self.actions if action["call_id"] != call]
        more = {"call_id": call, "error": None, "output": output, "status": "completed"}
        self._session.add(self._fresh_id("item"), self.id, "function_call_output", **more)
        if not self.actions:
            self.status = "in_progress"
            self._go_on()

    def shown(self) -> Json:
        error = {"code": self.plan.code, "message": self.plan.message}
        return {
            "id": self.id,
            "object": "agent.session.turn",
            "agent_id": self._session.agent["id"],
            "session_id": self._session.id,
            "subagent_id": None,
            "created_at": self._created,
            "started_at": self._created,
            "completed_at": self._ended,
            "status": self.status,
            "error": error if self.status == "failed" else None,
            "usage": self._usage,
        }

    def _go_on(self) -> None:
        now = time.monotonic()
        stop = "waiting" if self._rounds else self.plan.ending
        if stop != "queued":
            self._ahead.append((now + self._latency / 3, "in_progress"))
        if stop not in ("queued", "in_progress"):
            self._ahead.append((now + self._latency, stop))

    def _ask(self) -> None:
        if not self._rounds:
            request = {"type": "mcp_tool_call", "message": "Allow it?", "server_label": "shop", "arguments": None}
            approval = {"type": "mcp_approval_request", "request_id": "req_1", "request": request, "call_id": ""}
            self.actions = [approval | {"turn_id": self.id}]
            return
        for name, arguments in self._rounds.pop(0):
            call = {"name": name, "call_id": self._fresh_id("call"), "arguments": _as_object(arguments)}
            self._session.add(self._fresh_id("item"), self.id, "function_call", **call, status="in_progress")
            self.actions.append(call | {"type": "function_call", "turn_id": self.id})

    def _complete(self) -> None:
        if self.plan.comment:
            self._say(self.plan.comment, "commentary")
        text = self._write(self._session) if self.plan.says is None else self.plan.says
        asked = sum(len(text.split()) for text in self._session.says("user"))
        self._usage = agents_wire.usage(asked, len(text.split()))
        if text:
            self._say(text, "final_answer")

    def _say(self, text: str, phase: str) -> None:
        content = [{"type": "output_text", "text": text}]
        more = {"role": "assistant", "content": content, "phase": phase, "status": "completed"}
        self._session.add(self._fresh_id("msg"), self.id, "message", **more)


def _as_object(arguments: str) -> Any:
    """The API shows arguments as what their JSON stands for, if it is any."""
    try:
        return json.loads(arguments)
    except ValueError:
        return arguments
