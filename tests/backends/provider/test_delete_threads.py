"""A thread is deleted at its provider, through the API in which it was held."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from openai.types.beta.agent_session_deleted import AgentSessionDeleted
from openai.types.beta.thread_deleted import ThreadDeleted
from openai.types.conversations import ConversationDeletedResource

from backends.protocol import CannotForget, ReplyFailed
from backends.provider.client import Wire
from backends.provider.delete_threads import ProviderThreads
from recado.wiring.backends import kept_threads
from tests.backends.kept_threads.provider import AgentsProvider, AssistantsProvider
from tests.backends.kept_threads.turns import answered, asked, place
from tests.backends.responses.turns import Turn, backend_of
from tests.backends.responses.turns import place as responses_place
from tests.doubles.openai_server import OpenAIDouble


@pytest.fixture
async def threads(double: OpenAIDouble) -> AsyncIterator[ProviderThreads]:
    made = ProviderThreads(double.api_key, double.base_url, kept_threads())
    yield made
    await made.close()


async def test_a_conversation_goes_with_its_items_and_its_responses(
    double: OpenAIDouble, threads: ProviderThreads
) -> None:
    """The deletion of a conversation leaves its items, so they are deleted first, and so are stored responses."""
    responses = backend_of(double)
    thread = await responses.create_thread(responses_place())
    await Turn(thread, "good morning").answered(responses)
    await responses.close()
    runs = list(double.responses.made)
    assert runs
    await threads.forget("responses", thread, runs)
    assert not double.responses.conversations.all
    assert not double.responses.conversations.left
    assert not double.responses.made


async def test_more_items_than_fit_a_page(double: OpenAIDouble, threads: ProviderThreads) -> None:
    """All of them go."""
    conversations = double.responses.conversations
    made = conversations.create({})
    made.items += conversations.stored([{"role": "user", "content": f"{n}"} for n in range(230)])
    await threads.forget("responses", made.id, ())
    assert not conversations.left


async def test_a_thread_of_an_assistant(double: OpenAIDouble, threads: ProviderThreads) -> None:
    """Its messages go with it."""
    assistants = AssistantsProvider(double).backend()
    thread = await assistants.create_thread(place())
    await assistants.close()
    await threads.forget("assistants", thread, ())
    assert not double.threads.threads


async def test_a_session_of_an_agent(double: OpenAIDouble, threads: ProviderThreads) -> None:
    """It is deleted."""
    agents = AgentsProvider(double).backend()
    session = await agents.create_thread(place())
    await answered(agents, asked(session, "hello"))
    await agents.close()
    await threads.forget("agents", session, ())
    assert not double.agents.sessions


@pytest.mark.parametrize(
    ("backend", "thread"), [("responses", "conv_gone"), ("assistants", "thread_gone"), ("agents", "session_gone")]
)
async def test_a_thread_gone_already_is_no_error(threads: ProviderThreads, backend: str, thread: str) -> None:
    """After a kill the erasure begins again."""
    await threads.forget(backend, thread, ("resp_gone",))


async def test_a_key_that_may_not(double: OpenAIDouble) -> None:
    """The provider will always refuse: the thread is reported as left."""
    threads = ProviderThreads("sk-of-somebody-else", double.base_url, kept_threads())
    with pytest.raises(CannotForget):
        await threads.forget("responses", double.responses.conversations.create({}).id, ())
    await threads.close()


async def test_a_provider_that_is_away(threads: ProviderThreads, unused_tcp_port: int) -> None:
    """The failure may pass."""
    away = ProviderThreads("sk-x", f"http://127.0.0.1:{unused_tcp_port}/v1", kept_threads())
    with pytest.raises(ReplyFailed) as caught:
        await away.forget("agents", "session_1", ())
    assert caught.value.error_class == "unreachable"
    await away.close()


def test_only_threads_at_providers_are_kept(threads: ProviderThreads) -> None:
    """In chat mode a thread is nothing but a name."""
    assert [threads.keeps(name) for name in ("chat", "scripted", "responses")] == [False, False, True]


async def test_the_double_deletes_as_the_library_has_it(double: OpenAIDouble) -> None:
    """Its answers have the shapes of openai's own types."""
    agents, assistants, responses = (
        AgentsProvider(double).backend(),
        AssistantsProvider(double).backend(),
        backend_of(double),
    )
    wire = Wire(double.api_key, double.base_url, {"OpenAI-Beta": "agents=v1"})
    session = await agents.create_thread(place())
    AgentSessionDeleted.model_validate_json(await wire.delete(f"/agents/sessions/{session}"), strict=True)
    conversation = await responses.create_thread(responses_place())
    ConversationDeletedResource.model_validate_json(await wire.delete(f"/conversations/{conversation}"), strict=True)
    await wire.close()
    wire = Wire(double.api_key, double.base_url, {"OpenAI-Beta": "assistants=v2"})
    thread = await assistants.create_thread(place())
    ThreadDeleted.model_validate_json(await wire.delete(f"/threads/{thread}"), strict=True)
    for each in (wire, agents, assistants, responses):
        await each.close()
