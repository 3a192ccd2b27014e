"""The two providers that keep a chat's thread, alike to a test: their doubles, and the backends that ask them."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from types import ModuleType
from typing import Any, ClassVar

from backends.agents import poll as agents_poll
from backends.agents.backend import Agents
from backends.assistants import poll as assistants_poll
from backends.assistants.backend import Assistants
from tests.backends.kept_threads.turns import hurry
from tests.doubles.moment import without_moment
from tests.doubles.openai_agents import AGENT, AgentsDouble
from tests.doubles.openai_server import OpenAIDouble
from tests.doubles.openai_threads import ASSISTANT, ThreadsDouble


class Provider(ABC):
    """A provider on loopback. A thread of the Agents API is a session, and a run is a turn of the agent.

    - `name`: the backend's name in events.
    - `environment`: the settings with which recado uses this provider.
    - `begin`: the operation that begins a run.
    - `retrieve`, `list_replies`: the operations by which recado polls a run.
    - `operations`: the operations at which the tests cancel a turn.
    - `poll`: the module whose ENDS_WITHIN is the time for a cancelled run to end.
    - `stubborn`, `left_as`: the plan of a run that cannot be cancelled, and its status after the attempt.
    - `label`: the metadata of a new thread.
    """

    name: ClassVar[str]
    environment: ClassVar[dict[str, str]]
    begin: ClassVar[str]
    retrieve: ClassVar[str]
    list_replies: ClassVar[str]
    operations: ClassVar[tuple[str, ...]]
    poll: ClassVar[ModuleType]
    stubborn: ClassVar[dict[str, Any]]
    left_as: ClassVar[str]
    label: ClassVar[str]

    def __init__(self, double: OpenAIDouble) -> None:
        self.double = double

    @property
    @abstractmethod
    def serving(self) -> AgentsDouble | ThreadsDouble:
        """The double's part for this API."""

    @abstractmethod
    def backend(self, **settings: Any) -> Any: ...

    @property
    @abstractmethod
    def threads(self) -> dict[str, Any]:
        """The threads by id."""

    @abstractmethod
    def runs(self, thread: str = "") -> list[Any]:
        """The runs of the thread, or of the only one, without a run that read the history."""

    @abstractmethod
    def heard(self, thread: str) -> list[str]:
        """The messages of the person in the thread, without the history."""

    @abstractmethod
    def wrote(self, thread: str) -> list[str]:
        """The replies in the thread, without the history."""

    @abstractmethod
    def history(self) -> list[str]:
        """The texts of the history in the only thread."""

    @abstractmethod
    def outputs(self) -> list[str]:
        """The outputs that the last run was given, one for each time."""


class AssistantsProvider(Provider):
    name = "assistants"
    environment: ClassVar = {"OPENAI_API_MODE": "assistants", "OPENAI_ASSISTANT_ID": ASSISTANT}
    begin, retrieve, list_replies = "runs.create", "runs.retrieve", "messages.list"
    operations = ("threads.create", "runs.list", "messages.create", "runs.create", "runs.retrieve")
    poll = assistants_poll
    stubborn, left_as = {"cancelling": True}, "cancelling"
    label = "local/5511999990001"

    @property
    def serving(self) -> ThreadsDouble:
        return self.double.threads

    def backend(self, **settings: Any) -> Assistants:
        at = {"api_key": self.double.api_key, "base_url": self.double.base_url, "assistant": ASSISTANT, "sleep": hurry}
        return Assistants(**(at | settings))

    @property
    def threads(self) -> dict[str, Any]:
        return self.serving.threads

    def runs(self, thread: str = "") -> list[Any]:
        state = self.serving.threads[thread] if thread else self.serving.only
        state.advance()
        return state.runs

    def heard(self, thread: str) -> list[str]:
        return [_text(m) for m in self.threads[thread].messages if "message" in m["metadata"]]

    def wrote(self, thread: str) -> list[str]:
        return [_text(m) for m in self.threads[thread].messages if m["run_id"] is not None]

    def history(self) -> list[str]:
        messages = self.serving.only.messages
        return [_text(m) for m in messages if "message" not in m["metadata"] and m["run_id"] is None]

    def outputs(self) -> list[str]:
        return [output["output"] for output in self.runs()[-1].outputs]


class AgentsProvider(Provider):
    name = "agents"
    environment: ClassVar = {"OPENAI_API_MODE": "agents", "OPENAI_AGENT_ID": AGENT}
    begin, retrieve, list_replies = "events.create", "turns.retrieve", "turns.items"
    operations = ("sessions.create", "turns.list", "sessions.update", "events.create", "items.list", "turns.retrieve")
    poll = agents_poll
    stubborn, left_as = {"stubborn": True}, "in_progress"
    label = "5511999990001"

    @property
    def serving(self) -> AgentsDouble:
        return self.double.agents

    def backend(self, **settings: Any) -> Agents:
        at = {"api_key": self.double.api_key, "base_url": self.double.base_url, "agent": AGENT, "sleep": hurry}
        return Agents(**(at | settings))

    @property
    def threads(self) -> dict[str, Any]:
        return self.serving.sessions

    def runs(self, thread: str = "") -> list[Any]:
        session = self.serving.sessions[thread] if thread else self.serving.only
        session.advance()
        return session.turns[1:]

    def heard(self, thread: str) -> list[str]:
        session = self.serving.sessions[thread]
        assert session.steered == [], "a message reached a turn that was at work"
        return session.says("user")[1:]

    def wrote(self, thread: str) -> list[str]:
        return self.serving.sessions[thread].says("assistant")[1:]

    def history(self) -> list[str]:
        note, *_ = self.serving.only.says("user")
        return [without_moment(json.loads(line)["text"]) for line in note.splitlines()[1:]]

    def outputs(self) -> list[str]:
        return self.runs()[-1].outputs


PROVIDERS: list[type[Provider]] = [AssistantsProvider, AgentsProvider]


def _text(message: dict[str, Any]) -> str:
    return without_moment(message["content"][0]["text"]["value"])
