"""A new thread bears its chat's name, or its creation fails with advice."""

from __future__ import annotations

import pytest

from backends.protocol import ReplyFailed, ThreadBackend
from tests.backends.kept_threads.provider import Provider
from tests.backends.kept_threads.turns import place


async def test_it_bears_the_name_of_its_chat(provider: Provider, backend: ThreadBackend) -> None:
    """In the provider's list of threads each bears its chat."""
    id_ = await backend.create_thread(place())
    assert list(provider.threads) == [id_]
    assert provider.serving.only.metadata == {"recado_chat": provider.label}


async def test_a_name_longer_than_metadata_may_be_is_cut(provider: Provider, backend: ThreadBackend) -> None:
    """The API takes 512 characters."""
    await backend.create_thread(place().__class__(account="a", chat="x" * 600, history=(), patience=10))
    assert len(provider.serving.only.metadata["recado_chat"]) == 512


async def test_a_wrong_key_is_told(provider: Provider) -> None:
    """The turn fails as bad_key at the first request, and the key is not in the detail."""
    backend = provider.backend(api_key="sk-wrong-0123456789")
    with pytest.raises(ReplyFailed) as failed:
        await backend.create_thread(place())
    await backend.close()
    assert failed.value.error_class == "bad_key"
    assert "sk-wrong-0123456789" not in failed.value.detail


async def test_a_server_without_this_api_is_told(provider: Provider) -> None:
    """404 for the address itself is no lost thread: the turn fails, and the error names the request."""
    backend = provider.backend(base_url=provider.double.base_url + "/v2")
    with pytest.raises(ReplyFailed, match="Invalid URL"):
        await backend.create_thread(place())
    await backend.close()


async def test_patience_is_the_limit(provider: Provider, backend: ThreadBackend) -> None:
    """Recado gives up on a server that never answers."""
    provider.serving.fail("hang", times=None)
    with pytest.raises(ReplyFailed) as failed:
        await backend.create_thread(place(patience=0.2))
    assert failed.value.error_class == "timeout"
