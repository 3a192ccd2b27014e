"""A key that the provider refuses is read again once, and the request goes once more if there is another key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from backends.provider.client import Wire
from backends.provider.key import Key
from backends.provider.retry import AttemptFailed


class Provider:
    """Takes one key."""

    def __init__(self) -> None:
        self.takes = "sk-old-key"
        self.status = 401
        self.sent: list[tuple[str, str, bytes]] = []
        self.url = ""

    async def serve(self, request: web.Request) -> web.Response:
        key = request.headers["Authorization"].removeprefix("Bearer ")
        self.sent.append((request.method, key, await request.read()))
        if key != self.takes:
            error = {"error": {"message": f"Incorrect API key provided: {key}", "code": "invalid_api_key"}}
            return web.json_response(error, status=self.status)
        return web.json_response({})

    @property
    def keys(self) -> list[str]:
        return [key for _, key, _ in self.sent]


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    serving = Provider()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serving.serve)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    serving.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield serving
    await runner.cleanup()


@asynccontextmanager
async def wire_to(provider: Provider, key: Key | str) -> AsyncIterator[Wire]:
    wire = Wire(key, provider.url)
    try:
        yield wire
    finally:
        await wire.close()


ASKING: dict[str, Callable[[Wire], Awaitable[bytes]]] = {
    "POST": lambda wire: wire.post("/responses", {"input": "hello"}),
    "GET": lambda wire: wire.get("/responses/r1"),
    "POST a form": lambda wire: wire.post_form("/files", {"purpose": "vision"}, ("a.png", b"a picture", "image/png")),
    "DELETE": lambda wire: wire.delete("/conversations/c1"),
}


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("asking", ASKING)
async def test_a_refused_request_goes_again_with_another_key(provider: Provider, asking: str, status: int) -> None:
    """The same request, whole; the next ones have the new key at once."""
    read: list[str] = []
    provider.status = status

    def again() -> str:
        read.append("again")
        return "sk-new-key"

    async with wire_to(provider, Key("sk-old-key", again)) as wire:
        await ASKING[asking](wire)
        provider.takes = "sk-new-key"
        await ASKING[asking](wire)
        await ASKING[asking](wire)
    assert provider.keys == ["sk-old-key", "sk-old-key", "sk-new-key", "sk-new-key"]
    assert read == ["again"]
    _, (method, _, body), (again_method, _, again_body), _ = provider.sent
    assert method == again_method == asking.split(maxsplit=1)[0]
    assert len(body) == len(again_body)


def unreadable() -> str:
    raise ValueError("the file cannot be read")


@pytest.mark.parametrize(
    "again", [lambda: "sk-old-key", lambda: None, unreadable], ids=["the same", "none", "unreadable"]
)
async def test_without_another_key_the_request_is_not_repeated(
    provider: Provider, again: Callable[[], str | None]
) -> None:
    """The refusal is told, without the key."""
    provider.takes = "sk-new-key"
    async with wire_to(provider, Key("sk-old-key", again)) as wire:
        with pytest.raises(AttemptFailed, match="Incorrect API key provided") as caught:
            await ASKING["POST"](wire)
    assert caught.value.error_class == "bad_key"
    assert "sk-old-key" not in caught.value.detail
    assert provider.keys == ["sk-old-key"]


async def test_another_wrong_key_is_tried_once(provider: Provider) -> None:
    """It is not a loop, however often the key changes."""
    provider.takes = "sk-right"
    numbers = iter(range(1, 100))
    async with wire_to(provider, Key("sk-0-wrong-key", lambda: f"sk-{next(numbers)}-wrong-key")) as wire:
        with pytest.raises(AttemptFailed):
            await ASKING["POST"](wire)
    assert provider.keys == ["sk-0-wrong-key", "sk-1-wrong-key"]


async def test_one_key_of_several_clients_is_read_once(provider: Provider) -> None:
    """What one has read, the other uses; a request on its way with the old key goes again all the same."""
    read: list[str] = []
    key = Key("sk-old-key", lambda: read.append("again") or "sk-new-key")
    provider.takes = "sk-new-key"
    async with wire_to(provider, key) as one, wire_to(provider, key) as other:
        await ASKING["POST"](one)
        await ASKING["POST"](other)
    assert key.replaced("sk-old-key")
    assert read == ["again"]


@pytest.mark.parametrize("status", [400, 404, 429, 500])
async def test_other_refusals_do_not_read_it(provider: Provider, status: int) -> None:
    """A POST is repeated for no other reason."""
    provider.takes, provider.status = "sk-new-key", status
    async with wire_to(provider, Key("sk-old-key", lambda: "sk-new-key")) as wire:
        with pytest.raises(AttemptFailed):
            await ASKING["POST"](wire)
    assert provider.keys == ["sk-old-key"]
