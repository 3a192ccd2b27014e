"""Answers of Graph and of a model's server are bounded, and no token or conversation goes to another server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from backends.chat_completions import ChatCompletions
from backends.protocol import ReplyFailed
from backends.provider.client import Wire
from backends.provider.raw_post import LARGEST as LARGEST_OF_MODELS
from backends.provider.retry import AttemptFailed
from gateways.cloud.download import Broken, Download, NotToBeHad
from gateways.cloud.graph import LARGEST as LARGEST_OF_GRAPH
from gateways.cloud.graph import Graph
from gateways.cloud.token import fixed
from tests.backends.asking import asked
from tests.doubles import hostile
from tests.doubles.graph_server import ACCESS_TOKEN, GraphDouble
from tests.doubles.graph_webhooks import PHONE_NUMBER_ID
from tests.doubles.openai_server import OpenAIDouble


class Server:
    """Answers everything as `act` says; `asked` are the paths, `written` the bytes of endless bodies."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[str] = []
        self.written = 0
        self.act: Callable[[web.Request], Awaitable[web.StreamResponse]] = self.endless

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        await request.read()
        return await self.act(request)

    async def endless(self, request: web.Request) -> web.StreamResponse:
        return await hostile.endless(request, self.status, self.wrote)

    def wrote(self, size: int) -> None:
        self.written += size

    status = 200

    async def redirect(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/elsewhere"):
            return web.json_response({})
        return hostile.redirect(self.status)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    serving = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serving.serve)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    serving.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield serving
    await runner.cleanup()


@asynccontextmanager
async def wire_to(server: Server) -> AsyncIterator[Wire]:
    wire = Wire("sk-secret", server.url)
    try:
        yield wire
    finally:
        await wire.close()


ASKING: dict[str, Callable[[Wire], Awaitable[bytes]]] = {
    "post": lambda wire: wire.post("/responses", {"input": "a conversation"}),
    "get": lambda wire: wire.get("/responses/r1"),
    "form": lambda wire: wire.post_form("/files", {"purpose": "vision"}, ("a.png", b"a picture", "image/png")),
    "delete": lambda wire: wire.delete("/conversations/c1"),
}


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("asking", ASKING)
async def test_a_models_answer_without_end(server: Server, asking: str, status: int) -> None:
    """Read up to the bound, whether it is an answer or an error's text, and then given up."""
    server.status = status
    async with wire_to(server) as wire:
        with pytest.raises(AttemptFailed, match="more than"):
            await ASKING[asking](wire)
    # What the kernel buffers on both sides comes on top.
    assert server.written < LARGEST_OF_MODELS + 16 * 1024 * 1024


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("asking", ASKING)
async def test_a_model_server_that_points_elsewhere(server: Server, asking: str, status: int) -> None:
    """Neither the key nor the conversation goes there."""
    server.act, server.status = server.redirect, status
    async with wire_to(server) as wire:
        with pytest.raises(AttemptFailed):
            await ASKING[asking](wire)
    assert server.asked
    assert "/elsewhere" not in server.asked


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_an_answer_of_graph_without_end(server: Server, status: int) -> None:
    """The message is in doubt; the gateway lives."""
    server.status = status
    async with Graph.session() as session:
        answer = await Graph(session, server.url, "1", fixed("token")).post({})
        assert answer.error is not None
        assert answer.error.class_ == "in_doubt"
        with pytest.raises(Broken, match="more than"):
            async with Download(session, server.url, "1", fixed("token")).open("9", "image"):
                pass
    assert server.written < 2 * (LARGEST_OF_GRAPH + 16 * 1024 * 1024)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_graph_that_points_elsewhere(server: Server, status: int) -> None:
    server.act, server.status = server.redirect, status
    async with Graph.session() as session:
        assert (await Graph(session, server.url, "1", fixed("token")).post({})).error is not None
        with pytest.raises(Broken):
            async with Download(session, server.url, "1", fixed("token")).open("9", "image"):
                pass
    assert "/elsewhere" not in server.asked


FOREIGN = [
    "http://lookaside.fbsbx.com/a",
    "https://lookaside.fbsbx.com.evil.example/a",
    "https://evil-fbcdn.net/a",
    "https://lookaside.fbsbx.com@evil.example/a",
    "https://user@lookaside.fbsbx.com/a",
    "https://lookaside.fbsbx.com:8443/a",
    "https://evil.example\\@lookaside.fbsbx.com/a",
    "https://evil.example/lookaside.fbsbx.com",
    "http://127.0.0.1:1/a",
    "http://169.254.169.254/latest/meta-data",
    "file:///etc/passwd",
    "//lookaside.fbsbx.com/a",
    "https://[::1/a",
    "https://lookaside.fbsbx.com:x/a",
    "a",
]


@pytest.mark.parametrize("url", FOREIGN)
async def test_a_file_elsewhere_is_not_fetched(server: Server, url: str) -> None:
    """The token goes to Meta's hosts by https, or to the server of the settings."""

    async def shown(_: web.Request) -> web.StreamResponse:
        return web.json_response({"url": url, "file_size": 1})

    server.act = shown
    async with Graph.session() as session:
        with pytest.raises((NotToBeHad, Broken)):
            async with Download(session, server.url, "1", fixed("token")).open("9", "image"):
                pass
    assert server.asked == ["/9"]


@pytest.mark.parametrize("size", ['"many"', "1e400", "-5", '"' + "9" * 5000 + '"', "[" * 10_000])
async def test_nonsense_from_graph_is_a_failed_try(server: Server, size: str) -> None:
    async def shown(_: web.Request) -> web.StreamResponse:
        return web.Response(
            text=f'{{"url":"http://evil.example/","file_size":{size}}}', content_type="application/json"
        )

    server.act = shown
    async with Graph.session() as session:
        with pytest.raises((NotToBeHad, Broken)):
            async with Download(session, server.url, "1", fixed("token")).open("../9", "image"):
                pass
    assert len(server.asked) == 1


@pytest.mark.parametrize("fault", ["endless", "redirect"])
async def test_the_doubles_answer_so_too(fault: Any) -> None:
    """A turn fails, and a message is in doubt or not sent; no other server is asked. (5 s: an answer of
    16 MiB is read.)"""
    async with OpenAIDouble() as double, GraphDouble() as meta:
        double.fail(fault, times=None)
        backend = ChatCompletions(api_key=double.api_key, base_url=double.base_url, model="small-1")
        with pytest.raises(ReplyFailed):
            await backend.reply(asked("hello", patience=2.0))
        await backend.close()
        assert {each.path for each in double.requests} == {"/v1/chat/completions"}
        meta.fail(fault)
        body: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "5511999990001",
            "type": "text",
        }
        body["text"] = {"body": "hello"}
        async with Graph.session() as session:
            answer = await Graph(session, meta.url, PHONE_NUMBER_ID, fixed(ACCESS_TOKEN)).post(body)
        assert answer.error is not None


@pytest.mark.parametrize("id_", ["a\nb", "\0", "x" * 70_000, "../..", "a?b#c"])
async def test_an_id_that_fits_into_no_address(server: Server, id_: str) -> None:
    """A server names a run so, and refuses every request for it: a failed try, as any refusal."""

    async def refused(_: web.Request) -> web.StreamResponse:
        return web.json_response({"error": {"message": "no"}}, status=404)

    server.act = refused
    async with wire_to(server) as wire:
        with pytest.raises(AttemptFailed):
            await wire.get(f"/responses/{id_}")


async def test_an_answer_that_is_nested_too_deep(server: Server) -> None:
    async def deep(_: web.Request) -> web.StreamResponse:
        return web.Response(text='{"a":' * 100_000, content_type="application/json")

    server.act = deep
    async with wire_to(server) as wire:
        with pytest.raises(AttemptFailed):
            wire.read(await wire.get("/models"), dict)
