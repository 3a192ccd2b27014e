"""/v1/agents/sessions with their turns and items: it keeps them, refuses what the real API refuses, fails when told to.

`OpenAIDouble.agents` is one of these. With --control other processes tell it by POST /_double/agents/faults and
/_double/agents/plans (lists of ThreadFault and Plan), and see by GET /_double/agents what stands in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from tests.doubles import openai_agents_wire as agents_wire
from tests.doubles import openai_threads_wire as threads_wire
from tests.doubles.openai_agents_state import Plan, SessionState, TurnState
from tests.doubles.openai_control import routes_of_threads
from tests.doubles.openai_threads_serving import Operation, Serving
from tests.doubles.openai_wire import Json, WireError

AGENT = "agent_double"


class AgentsDouble(Serving):
    """`refusal` says what is wrong with a request's key; `reply` writes what an agent says, from the messages."""

    def __init__(self, refusal: Callable[[web.Request], WireError | None], reply: Callable[[list[Json]], str]) -> None:
        super().__init__(refusal)
        self.latency = 0.0
        self.lag = 0  # looks at a session before a message that it has accepted can be seen there
        self.unregistered = 0  # outputs that are refused, because their call is listed and not pending yet
        self.saved: dict[str, Json] = {AGENT: agents_wire.agent(AGENT, "small-1", [])}
        self.sessions: dict[str, SessionState] = {}
        self._reply = reply
        self._plans: list[Plan] = []
        self._count = 0

    def plan(self, ending: str = "completed", **plan: Any) -> None:
        """Say how the next turn that has no plan yet goes; without one it completes."""
        self._plans.append(msgspec.convert({"ending": ending, **plan}, Plan))

    @property
    def only(self) -> SessionState:
        """The session, where there is one."""
        (session,) = self.sessions.values()
        session.advance()
        return session

    def add_session(self, *texts: str, **plan: Any) -> SessionState:
        """A session in which a user has said `texts`, made by somebody else; its turn goes as planned."""
        session = SessionState(self._fresh_id("sess"), dict(self.saved[AGENT]), {})
        self.sessions[session.id] = session
        self.say(session.id, *texts, **plan)
        return session

    def say(self, session: str, *texts: str, **plan: Any) -> None:
        """Somebody says `texts` in the session."""
        messages = [{"role": "user", "content": [{"type": "input_text", "text": text}]} for text in texts]
        self._hear(self.sessions[session], messages, msgspec.convert(plan, Plan))

    def told(self) -> list[Json]:
        """All that stands here, for whoever looks at it from outside."""
        for session in self.sessions.values():
            session.advance()
        return [
            session.shown()
            | {"items": session.items, "turns": [t.shown() for t in session.turns], "steered": session.steered}
            for session in self.sessions.values()
        ]

    def routes(self, *, control: bool) -> list[web.RouteDef]:
        one, turn = "/v1/agents/sessions/{session}", "/v1/agents/sessions/{session}/turns/{turn}"
        served = [
            web.get("/v1/agents/{agent}", self.served("agents.retrieve", self._retrieve_agent)),
            web.post("/v1/agents/sessions", self.served("sessions.create", self._create)),
            web.get(one, self.served("sessions.retrieve", self._in_session(lambda s, *_: s.shown()))),
            web.post(one, self.served("sessions.update", self._in_session(self._update))),
            web.delete(one, self.served("sessions.delete", self._in_session(self._delete))),
            web.post(f"{one}/events", self.served("events.create", self._in_session(self._take_events))),
            web.get(f"{one}/items", self.served("items.list", self._in_session(self._list_items))),
            web.get(f"{one}/turns", self.served("turns.list", self._in_session(self._list_turns))),
            web.get(turn, self.served("turns.retrieve", self._in_turn(lambda _, t, __: t.shown()))),
            web.get(f"{turn}/items", self.served("turns.items", self._in_turn(self._list_items_of))),
        ]
        return [*served, *routes_of_threads("agents", self.told, self.faults, self._plans, Plan)] if control else served

    def _wrong(self, request: web.Request, operation: str, body: Json) -> WireError | None:
        if request.headers.get("openai-beta") != "agents=v1":
            return agents_wire.no_beta_header()
        wrong = self._refusal(request) or agents_wire.problem(operation, body)
        if operation == "events.create":
            # Where the library's own parameters have it; what is remembered of the request shows it too.
            body["idempotency_key"] = request.headers.get("idempotency-key")
        return wrong

    def _retrieve_agent(self, path: Mapping[str, str], *_: Any) -> Json | WireError:
        id_ = path["agent"]
        if id_ not in self.saved:
            return agents_wire.not_found("agent", id_)
        return self.saved[id_] | {"object": "agent", "created_at": 0, "updated_at": 0, "metadata": {}}

    def _delete(self, session: SessionState, *_: Any) -> Json | WireError:
        if session.active is not None:
            return agents_wire.still_running(session.id)
        del self.sessions[session.id]
        return {"id": session.id, "object": "agent.session.deleted", "deleted": True}

    def _create(self, _: Mapping[str, str], __: Mapping[str, str], body: Json) -> Json | WireError:
        id_ = body.get("agent_id")
        if id_ is not None and id_ not in self.saved:
            return agents_wire.not_found("agent", id_)
        inline = body.get("agent") or {}
        agent = (
            dict(self.saved[id_])
            if id_ is not None
            else agents_wire.agent(
                self._fresh_id("agent"), inline["model"], inline.get("tools") or [], inline.get("instructions")
            )
        )
        session = SessionState(self._fresh_id("sess"), agent, body.get("metadata") or {})
        self.sessions[session.id] = session
        first = body["input"]
        if isinstance(first, str):
            first = [{"content": [{"type": "input_text", "text": first}]}]
        self._hear(session, first, self._planned(note=True) or Plan(says="OK"))
        session.advance()
        return session.shown()

    def _update(self, session: SessionState, _: Any, __: Any, body: Json) -> Json:
        session.metadata = body["metadata"] or {} if "metadata" in body else session.metadata
        tools = (body.get("agent") or {}).get("tools")
        if tools is not None:
            session.agent |= {"tools": agents_wire.agent("", "", tools)["tools"]}
        return session.shown()

    def _take_events(self, session: SessionState, _: Any, __: Any, body: Json) -> Json | WireError:
        key = body["idempotency_key"]
        if key is not None and key in session.keys:
            return WireError(202, {})
        for event in body["events"]:
            if (wrong := self._take_event(session, event)) is not None:
                return wrong
        session.keys.add(key)
        return WireError(202, {})

    def _take_event(self, session: SessionState, event: Json) -> WireError | None:
        turn = session.active
        match event["type"]:
            case "agent.session.input.message":
                session.accepted.append((self.lag, lambda: self._hear(session, event["input"])))
            case "agent.session.input.cancel" if turn is not None:
                turn.cancel()
            case "agent.session.input.tool_result":
                pending = [action["call_id"] for action in turn.actions] if turn is not None else []
                self.unregistered, early = max(0, self.unregistered - 1), self.unregistered > 0
                if turn is None or early or event["call_id"] not in pending or event["turn_id"] != turn.id:
                    return agents_wire.not_pending(event["call_id"])
                turn.submit(event["call_id"], event["output"])
        return None

    def _hear(self, session: SessionState, messages: list[Json], plan: Plan | None = None) -> None:
        """Messages start a turn, or steer the one that is active."""
        session.advance()
        turn = session.active
        if turn is not None:
            session.steered += [agents_wire.text_of(message) for message in messages]
        else:
            plan = plan or self._planned(note=False) or Plan()
            turn = TurnState(session, plan, latency=self.latency, write=self._write, fresh_id=self._fresh_id)
            session.turns.append(turn)
        for message in messages:
            more = {"role": "user", "content": message["content"], "phase": None, "status": "completed"}
            session.add(self._fresh_id("msg"), turn.id, "message", **more)

    def _planned(self, *, note: bool) -> Plan | None:
        for place, plan in enumerate(self._plans):
            if plan.note == note:
                return self._plans.pop(place)
        return None

    def _list_items(self, session: SessionState, _: Any, query: Mapping[str, str], __: Json) -> Json | WireError:
        if "after" in query and query["after"] not in [item["id"] for item in session.items]:
            return agents_wire.not_found("item", query["after"])
        return threads_wire.page(session.items, query)

    def _list_turns(self, session: SessionState, _: Any, query: Mapping[str, str], __: Json) -> Json:
        return threads_wire.page([turn.shown() for turn in session.turns], query)

    def _list_items_of(self, session: SessionState, turn: TurnState, query: Mapping[str, str]) -> Json:
        return threads_wire.page([item for item in session.items if item["turn_id"] == turn.id], query)

    def _write(self, session: SessionState) -> str:
        said = [item for item in session.items if item["type"] == "message"]
        return self._reply([{"role": item["role"], "content": agents_wire.text_of(item)} for item in said])

    def _in_session(self, act: Callable[[SessionState, Any, Any, Json], Json | WireError]) -> Operation:
        def found(path: Mapping[str, str], query: Mapping[str, str], body: Json) -> Json | WireError:
            session = self.sessions.get(path["session"])
            if session is None:
                return agents_wire.not_found("session", path["session"])
            session.advance(looked=True)
            answer = act(session, path, query, body)
            session.advance()
            return answer

        return found

    def _in_turn(self, act: Callable[[SessionState, TurnState, Mapping[str, str]], Json]) -> Operation:
        def found(
            session: SessionState, path: Mapping[str, str], query: Mapping[str, str], _: Json
        ) -> Json | WireError:
            turn = next((turn for turn in session.turns if turn.id == path["turn"]), None)
            return agents_wire.not_found("turn", path["turn"]) if turn is None else act(session, turn, query)

        return self._in_session(found)

    def _fresh_id(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_double{self._count:06}"
