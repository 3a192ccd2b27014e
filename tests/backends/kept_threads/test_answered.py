"""The answer of a run."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from backends.protocol import Answer, ReplyFailed, ReplyRequest, RunLost, ThreadBackend
from chat.context import Line
from tests.backends.kept_threads.provider import Provider
from tests.backends.kept_threads.turns import answered, asked, place


async def started(provider: Provider, backend: ThreadBackend, **plan: Any) -> tuple[ReplyRequest, str]:
    provider.serving.plan(**plan)
    request = asked(await backend.create_thread(place()), "hello")
    return request, await backend.start_run(request)


async def test_in_a_group_the_model_is_told_who_speaks(provider: Provider, backend: ThreadBackend) -> None:
    """A name goes before the text; the API takes no empty text."""
    thread = await backend.create_thread(place())
    await answered(backend, asked(thread, Line("user", "and me?", "Rui"), ""))
    assert provider.heard(thread) == ["Rui: and me?", "(empty message)"]


@pytest.mark.parametrize("says", ["", " \n"])
async def test_a_run_that_wrote_nothing_is_no_reply(provider: Provider, backend: ThreadBackend, says: str) -> None:
    """An empty message is never sent: the model is asked once more, in another run, and then the turn fails."""
    request, run = await started(provider, backend, says=says)
    with pytest.raises(RunLost):
        await backend.await_run(replace(request, attempt=2), run)
    provider.serving.plan(says=says)
    again = await backend.start_run(replace(request, attempt=2))
    assert again != run
    with pytest.raises(ReplyFailed) as failed:
        await backend.await_run(replace(request, attempt=3), again)
    assert failed.value.error_class == "malformed_answer"


async def test_a_run_may_write_nothing_where_tools_have_given_parts(provider: Provider, backend: ThreadBackend) -> None:
    """Its answer is empty, and no other run is begun."""
    request, run = await started(provider, backend, says="")
    outcome = await backend.await_run(replace(request, attempt=2, may_be_silent=True), run)
    assert isinstance(outcome, Answer)
    assert outcome.text == ""
