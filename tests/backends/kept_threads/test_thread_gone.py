"""The thread is not there, or not ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backends.protocol import ThreadBackend, ThreadLost
from tests.backends.kept_threads.provider import AgentsProvider, AssistantsProvider, Provider
from tests.backends.kept_threads.turns import answered, asked, place


def deleted(provider: Provider, thread: str) -> None:
    del provider.threads[thread]


def given_away(provider: Provider, thread: str) -> None:
    provider.threads[thread].ours = False


def forbidden(provider: Provider, _: str) -> None:
    provider.serving.fail("forbidden", times=None)


Loss = Callable[[Provider, str], None]
LOSSES: list[tuple[type[Provider], Loss]] = [
    (AssistantsProvider, deleted),
    (AssistantsProvider, given_away),
    (AssistantsProvider, forbidden),
    (AgentsProvider, deleted),
    (AgentsProvider, forbidden),
]


@pytest.mark.parametrize(("provider", "loss"), LOSSES, indirect=["provider"])
async def test_it_is_lost_to_a_new_turn(provider: Provider, backend: ThreadBackend, loss: Loss) -> None:
    """Deleted, of another key, or forbidden: the error names the thread and the provider's message."""
    thread = await backend.create_thread(place())
    loss(provider, thread)
    with pytest.raises(ThreadLost) as lost:
        await backend.start_run(asked(thread, "hello"))
    assert lost.value.thread == thread
    assert lost.value.detail


@pytest.mark.parametrize(("provider", "loss"), LOSSES, indirect=["provider"])
async def test_it_is_lost_to_a_run(provider: Provider, backend: ThreadBackend, loss: Loss) -> None:
    """The same while recado waits for a run."""
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    loss(provider, request.thread)
    with pytest.raises(ThreadLost):
        await backend.await_run(request, run)


@pytest.mark.parametrize("name", ["../{}", "{}/../{}", "{}/events", "../threads", "a?b=c#d", "thread_abc"])
async def test_a_thread_with_a_strange_name_is_only_looked_for(
    provider: Provider, backend: ThreadBackend, name: str
) -> None:
    """Names may come from imported files: none of them becomes another address."""
    thread = await backend.create_thread(place())
    before = len(provider.serving.requests)
    with pytest.raises(ThreadLost):
        await backend.start_run(asked(name.format(thread, thread), "hello"))
    looked = {request.operation for request in provider.serving.requests[before:]}
    assert looked <= {"sessions.retrieve", "runs.list", "threads.retrieve"}
    await answered(backend, asked(thread, "hello"))
