"""Tools that the provider carries out itself are passed on to it unchanged."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from tests.backends.kept_threads import turns as thread_turns
from tests.backends.kept_threads.provider import AgentsProvider, AssistantsProvider
from tests.backends.responses import turns as responses
from tests.doubles.openai_server import OpenAIDouble
from tests.doubles.openai_threads import ASSISTANT

SEARCH: dict[str, Any] = {"type": "web_search", "search_context_size": "low"}


async def test_by_responses(double: OpenAIDouble) -> None:
    """Beside the functions, with every response."""
    backend = responses.backend_of(double)
    backend._hosted_tools = (SEARCH,)
    thread = await backend.create_thread(responses.place())
    await responses.Turn(thread, "hello").answered(backend)
    await backend.close()
    tools = double.responses.asked("responses.create")[-1].body["tools"]
    assert tools[0] == SEARCH
    assert [tool["name"] for tool in tools[1:]] == ["price"]


async def test_by_assistants(double: OpenAIDouble) -> None:
    """Beside the assistant's own; an own tool of the same kind is replaced."""
    files: dict[str, Any] = {"type": "file_search", "file_search": {"max_num_results": 3}}
    double.threads.assistants[ASSISTANT] = [{"type": "file_search"}, {"type": "code_interpreter"}]
    backend = AssistantsProvider(double).backend(hosted_tools=(files,))
    thread = await backend.create_thread(thread_turns.place())
    await thread_turns.answered(backend, thread_turns.asked(thread, "hello"))
    await backend.close()
    assert double.threads.only.runs[0].body["tools"] == [{"type": "code_interpreter"}, files]


async def test_by_agents(double: OpenAIDouble) -> None:
    """To the agent that a session is made with. They stay when functions are added, with all fields, also those that
    the API does not show."""
    transport = {"type": "http", "server_url": "https://shop.example/mcp", "headers": {"authorization": "hush"}}
    mcp = {"type": "mcp", "server_label": "shop", "transport": transport}
    backend = AgentsProvider(double).backend(agent="", model="small-1", hosted_tools=(mcp,))
    thread = await backend.create_thread(thread_turns.place())
    assert double.agents.requests[0].body["agent"]["tools"] == [mcp]
    await thread_turns.answered(backend, replace(thread_turns.asked(thread, "hello"), tools=(thread_turns.CLOCK,)))
    await backend.close()
    (update,) = [asked.body for asked in double.agents.requests if asked.operation == "sessions.update"]
    assert update["agent"]["tools"][0] == mcp
    assert [tool.get("name") for tool in update["agent"]["tools"][1:]] == ["clock"]
