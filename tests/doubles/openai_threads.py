"""/v1/threads with their messages and runs: it keeps them, refuses what the real API refused, fails when told to.

`OpenAIDouble.threads` is one of these. With --control other processes tell it by POST /_double/threads/faults and
/_double/threads/plans (a Fault or a Plan, or a list of them), and see by GET /_double/threads what stands in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from tests.doubles import openai_threads_wire as threads_wire
from tests.doubles import openai_wire as wire
from tests.doubles.openai_control import routes_of_threads
from tests.doubles.openai_threads_serving import Operation, Serving
from tests.doubles.openai_threads_state import Plan, RunState, ThreadState
from tests.doubles.openai_wire import Json, WireError

ASSISTANT = "asst_double"


class ThreadsDouble(Serving):
    """`refusal` says what is wrong with a request's key; `reply` writes what a run says, from the thread's messages."""

    def __init__(
        self,
        refusal: Callable[[web.Request], WireError | None],
        reply: Callable[[list[Json]], str],
        files: Mapping[str, Any],
    ) -> None:
        super().__init__(refusal)
        self.latency = 0.0
        self.assistants: dict[str, list[Json]] = {ASSISTANT: []}
        # As the third party's server myla 0.2.40 does: no lock, nothing taken at creation, `run_id` not heeded, `text`
        # a list, `has_more` never true, cancelling not possible.
        self.like_myla = False
        self.threads: dict[str, ThreadState] = {}
        self._files = files
        self._reply = reply
        self._plans: list[Plan] = []
        self._count = 0

    def plan(self, ending: str = "completed", **plan: Any) -> None:
        """Say how the next run that has no plan yet goes; without one it completes."""
        self._plans.append(msgspec.convert({"ending": ending, **plan}, Plan))

    @property
    def only(self) -> ThreadState:
        """The thread, where there is one."""
        (thread,) = self.threads.values()
        thread.advance()
        return thread

    def forget(self) -> None:
        """Empty the double and forget its plans."""
        self.heal()
        self.threads.clear()
        self.requests.clear()
        self._plans.clear()

    def lose(self, thread: str) -> None:
        del self.threads[thread]

    def add_thread(self, *texts: str) -> ThreadState:
        """A thread in which a user has said `texts`, made by somebody else."""
        thread = ThreadState(self._fresh_id("thread"), {})
        self.threads[thread.id] = thread
        for text in texts:
            thread.add(self._fresh_id("msg"), "user", text)
        return thread

    def add_run(self, thread: str, *, turn: str | None = None, ending: str = "in_progress", **plan: Any) -> RunState:
        """A run in the thread, of a turn of recado's or (None) somebody else's."""
        metadata = {"turn": turn, "attempt": "1"} if turn is not None else {}
        body = {"assistant_id": ASSISTANT, "metadata": metadata}
        return self._new_run(self.threads[thread], body, msgspec.convert({"ending": ending, **plan}, Plan))

    def told(self) -> list[Json]:
        """All that stands here, for whoever looks at it from outside."""
        for thread in self.threads.values():
            thread.advance()
        return [
            thread.shown() | {"messages": thread.messages, "runs": [run.shown() for run in thread.runs]}
            for thread in self.threads.values()
        ]

    def routes(self, *, control: bool) -> list[web.RouteDef]:
        one, runs, messages = "/v1/threads/{thread}", "/v1/threads/{thread}/runs", "/v1/threads/{thread}/messages"
        served = [
            web.post("/v1/threads", self.served("threads.create", self._create_thread)),
            web.get(one, self.served("threads.retrieve", self._in_thread(lambda t, *_: t.shown()))),
            web.post(one, self.served("threads.update", self._in_thread(self._update_thread))),
            web.delete(one, self.served("threads.delete", self._in_thread(self._delete_thread))),
            web.post(messages, self.served("messages.create", self._in_thread(self._create_message))),
            web.get(messages, self.served("messages.list", self._in_thread(self._list_messages))),
            web.delete(
                f"{messages}/{{message}}", self.served("messages.delete", self._in_thread(self._delete_message))
            ),
            web.post(runs, self.served("runs.create", self._in_thread(self._create_run))),
            web.get(runs, self.served("runs.list", self._in_thread(self._list_runs))),
            web.get(f"{runs}/{{run}}", self.served("runs.retrieve", self._in_run(lambda _, run, __: run.shown()))),
            web.post(f"{runs}/{{run}}/cancel", self.served("runs.cancel", self._in_run(self._cancel_run))),
            web.post(
                f"{runs}/{{run}}/submit_tool_outputs", self.served("runs.submit", self._in_run(self._submit_outputs))
            ),
            web.get("/v1/assistants/{assistant}", self.served("assistants.retrieve", self._retrieve_assistant)),
        ]
        return (
            [*served, *routes_of_threads("threads", self.told, self.faults, self._plans, Plan)] if control else served
        )

    def _create_thread(self, _: Mapping[str, str], __: Mapping[str, str], body: Json) -> Json:
        id_ = self._fresh_id("thread")
        thread = self.threads[id_] = ThreadState(id_, body.get("metadata") or {})
        for message in () if self.like_myla else body.get("messages") or ():
            thread.add(self._fresh_id("msg"), message["role"], message["content"], metadata=message.get("metadata"))
        return thread.shown()

    def _update_thread(self, thread: ThreadState, _: Any, __: Any, body: Json) -> Json:
        thread.metadata |= body.get("metadata") or {}
        return thread.shown()

    def _delete_thread(self, thread: ThreadState, *_: Any) -> Json:
        del self.threads[thread.id]
        return {"id": thread.id, "object": "thread.deleted", "deleted": True}

    def _create_message(self, thread: ThreadState, _: Any, __: Any, body: Json) -> Json | WireError:
        if thread.active and not self.like_myla:
            return threads_wire.cannot_add(thread.id, thread.active.id)
        for file in threads_wire.pictures_of(body):
            if file not in self._files:
                return threads_wire.not_found("file", file)
        return thread.add(self._fresh_id("msg"), body["role"], body["content"], metadata=body.get("metadata"))

    def _list_messages(self, thread: ThreadState, _: Any, query: Mapping[str, str], __: Json) -> Json:
        if self.like_myla:
            return threads_wire.page([_with_lists(m) for m in thread.messages], query) | {"has_more": False}
        wanted = query.get("run_id")
        return threads_wire.page([m for m in thread.messages if wanted in (None, m["run_id"])], query)

    def _delete_message(self, thread: ThreadState, path: Mapping[str, str], *_: Any) -> Json | WireError:
        for message in thread.messages:
            if message["id"] == path["message"]:
                thread.messages.remove(message)
                return {"id": message["id"], "object": "thread.message.deleted", "deleted": True}
        return threads_wire.not_found("message", path["message"])

    def _create_run(self, thread: ThreadState, _: Any, __: Any, body: Json) -> Json | WireError:
        if body["assistant_id"] not in self.assistants:
            return threads_wire.not_found("assistant", body["assistant_id"])
        if thread.active and not self.like_myla:
            return threads_wire.has_active_run(thread.id, thread.active.id)
        return self._new_run(thread, body, self._plans.pop(0) if self._plans else Plan()).shown()

    def _list_runs(self, thread: ThreadState, _: Any, query: Mapping[str, str], __: Json) -> Json:
        return threads_wire.page([run.shown() for run in thread.runs], query)

    def _cancel_run(self, _: ThreadState, run: RunState, __: Json) -> Json | WireError:
        if self.like_myla:
            return wire.server_error(500)
        if run.status not in ("queued", "in_progress", "requires_action"):
            return threads_wire.cannot_cancel(run.status)
        run.cancel()
        return run.shown()

    def _submit_outputs(self, _: ThreadState, run: RunState, body: Json) -> Json | WireError:
        if run.status != "requires_action":
            return threads_wire.takes_no_outputs(run.status)
        got = [output["tool_call_id"] for output in body["tool_outputs"]]
        if sorted(got) != sorted(run.call_ids):
            return threads_wire.other_outputs_expected(run.call_ids, got)
        run.submit(body["tool_outputs"])
        return run.shown()

    def _retrieve_assistant(self, path: Mapping[str, str], *_: Any) -> Json | WireError:
        id_ = path["assistant"]
        if id_ not in self.assistants:
            return threads_wire.not_found("assistant", id_)
        shown = {"id": id_, "object": "assistant", "created_at": 0, "name": None, "description": None}
        return shown | {"model": "small-1", "instructions": "", "tools": self.assistants[id_], "metadata": {}}

    def _new_run(self, thread: ThreadState, body: Json, plan: Plan) -> RunState:
        own = self.assistants[body["assistant_id"]]
        run = RunState(
            thread, {"tools": own} | body, plan, latency=self.latency, write=self._write, fresh_id=self._fresh_id
        )
        thread.runs.append(run)
        return run

    def _write(self, thread: ThreadState) -> str:
        said = [(m["role"], threads_wire.text_of(m)) for m in thread.messages]
        return self._reply([{"role": role, "content": text} for role, text in said])

    def _in_thread(self, act: Callable[[ThreadState, Any, Any, Json], Json | WireError]) -> Operation:
        def found(path: Mapping[str, str], query: Mapping[str, str], body: Json) -> Json | WireError:
            thread = self.threads.get(path["thread"])
            if thread is None or not thread.ours:
                return threads_wire.not_found("thread", path["thread"])
            thread.advance()
            answer = act(thread, path, query, body)
            thread.advance()
            return answer

        return found

    def _in_run(self, act: Callable[[ThreadState, RunState, Json], Json | WireError]) -> Operation:
        def found(thread: ThreadState, path: Mapping[str, str], _: Mapping[str, str], body: Json) -> Json | WireError:
            run = next((run for run in thread.runs if run.id == path["run"]), None)
            return threads_wire.not_found("run", path["run"]) if run is None else act(thread, run, body)

        return self._in_thread(found)

    def _fresh_id(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_double{self._count:06}"


def _with_lists(message: Json) -> Json:
    return message | {"content": [part | {"text": [part["text"]]} for part in message["content"]]}
