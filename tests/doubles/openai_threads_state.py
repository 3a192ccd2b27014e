"""The double's threads, and their runs as time passes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from tests.doubles.openai_threads_wire import shown_part, text_of, text_part
from tests.doubles.openai_wire import Json

ACTIVE = ("queued", "in_progress", "requires_action", "cancelling")


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a run goes, as JSON on the control endpoint too.

    `calls` are the rounds of function calls, each a list of [name, arguments], that it asks for before it ends.
    `code` and `message` are the last_error of `failed`, `reason` why it is `incomplete`. What it `says` is the double's
    reply if it is null, and nothing if it is empty. `cancelling`: told to stop it stays in that status for ever.
    """

    ending: Literal["completed", "failed", "incomplete", "expired", "cancelled", "queued", "in_progress"] = "completed"
    calls: tuple[tuple[tuple[str, str], ...], ...] = ()
    code: str | None = "server_error"
    message: str | None = "Sorry, something went wrong."
    reason: str = "max_completion_tokens"
    says: str | None = None
    refusal: str | None = None
    cancelling: bool = False


class ThreadState:
    def __init__(self, id_: str, metadata: Json) -> None:
        self.id = id_
        self.metadata = metadata
        self.created_at = int(time.time())
        self.messages: list[Json] = []
        self.runs: list[RunState] = []
        self.ours = True  # False: it belongs to another key, and nobody here can tell that it exists

    @property
    def active(self) -> RunState | None:
        return next((run for run in self.runs if run.status in ACTIVE), None)

    def advance(self) -> None:
        for run in self.runs:
            run.advance(time.monotonic())

    def add(self, id_: str, role: str, content: Any, *, metadata: Json | None = None, **more: Any) -> Json:
        parts = [text_part(content)] if isinstance(content, str) else [shown_part(part) for part in content]
        now = int(time.time())
        message = {
            "id": id_,
            "object": "thread.message",
            "created_at": now,
            "assistant_id": None,
            "thread_id": self.id,
            "run_id": None,
            "role": role,
            "content": parts,
            "attachments": [],
            "metadata": metadata or {},
            "status": "completed",
            "completed_at": now,
            "incomplete_at": None,
            "incomplete_details": None,
            **more,
        }
        self.messages.append(message)
        return message

    def shown(self) -> Json:
        return {
            "id": self.id,
            "object": "thread",
            "created_at": self.created_at,
            "metadata": self.metadata,
            "tool_resources": {},
        }


class RunState:
    """`write` gives the text of the reply; `fresh_id` makes ids. It takes `latency` seconds between its stops."""

    def __init__(
        self,
        thread: ThreadState,
        body: Json,
        plan: Plan,
        *,
        latency: float,
        write: Callable[[ThreadState], str],
        fresh_id: Callable[[str], str],
    ) -> None:
        self.id = fresh_id("run")
        self.status = "queued"
        self.body = body
        self.outputs: list[Json] = []
        self.submitted = 0
        self._thread = thread
        self._plan = plan
        self._latency = latency
        self._write = write
        self._fresh_id = fresh_id
        self.rounds = plan.calls
        self._rounds = list(plan.calls)
        self._asked: list[Json] = []
        self._usage: Json | None = None
        self._ahead: list[tuple[float, str]] = []
        self._created = int(time.time())
        self._go_on()

    @property
    def call_ids(self) -> list[str]:
        return [call["id"] for call in self._asked]

    def advance(self, now: float) -> None:
        while self._ahead and self._ahead[0][0] <= now:
            self.status = self._ahead.pop(0)[1]
            if self.status == "requires_action":
                self._ask()
            elif self.status == "completed" or (self.status == "incomplete" and self._plan.says):
                self._complete()

    def submit(self, outputs: list[Json]) -> None:
        self.submitted += 1
        self.outputs += outputs
        self._asked = []
        self.status = "queued"
        self._go_on()

    def cancel(self) -> None:
        self.status = "cancelling"
        self._ahead = [] if self._plan.cancelling else [(time.monotonic() + self._latency / 3, "cancelled")]

    def shown(self) -> Json:
        failed, incomplete = self.status == "failed", self.status == "incomplete"
        ended = None if self.status in ACTIVE else int(time.time())
        action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": self._asked}}
        return {
            "id": self.id,
            "object": "thread.run",
            "created_at": self._created,
            "assistant_id": self.body["assistant_id"],
            "thread_id": self._thread.id,
            "status": self.status,
            "started_at": self._created,
            "expires_at": self._created + 600,
            "cancelled_at": ended if self.status == "cancelled" else None,
            "failed_at": ended if failed else None,
            "completed_at": ended if self.status == "completed" else None,
            "required_action": action if self.status == "requires_action" else None,
            "last_error": {"code": self._plan.code, "message": self._plan.message} if failed else None,
            "incomplete_details": {"reason": self._plan.reason} if incomplete else None,
            "model": self.body.get("model") or "small-1",
            "instructions": self.body.get("instructions") or "",
            "tools": self.body.get("tools") or [],
            "metadata": self.body.get("metadata") or {},
            "usage": self._usage,
            "temperature": 1.0,
            "top_p": 1.0,
            "max_prompt_tokens": None,
            "max_completion_tokens": None,
            "truncation_strategy": {"type": "auto", "last_messages": None},
            "response_format": "auto",
            "tool_choice": "auto",
            "parallel_tool_calls": True,
        }

    def _go_on(self) -> None:
        now = time.monotonic()
        stop = "requires_action" if self._rounds else self._plan.ending
        if stop != "queued":
            self._ahead.append((now + self._latency / 3, "in_progress"))
        if stop not in ("queued", "in_progress"):
            self._ahead.append((now + self._latency, stop))

    def _ask(self) -> None:
        self._asked = [
            {
                "id": self._fresh_id("call"),
                "type": "function",
                "function": {"name": name, "arguments": arguments},
            }
            for name, arguments in self._rounds.pop(0)
        ]

    def _complete(self) -> None:
        text = self._write(self._thread) if self._plan.says is None else self._plan.says
        asked = sum(len(text_of(message).split()) for message in self._thread.messages)
        said = len(text.split())
        self._usage = {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
        content = [text_part(text)] if text else []
        if self._plan.refusal:
            content = [{"type": "refusal", "refusal": self._plan.refusal}]
        more = {"run_id": self.id, "assistant_id": self.body["assistant_id"]}
        self._thread.add(self._fresh_id("msg"), "assistant", content, **more)
