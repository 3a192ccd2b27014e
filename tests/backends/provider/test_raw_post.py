"""Raw requests keep the openai client's behaviour, though they do not go through it."""

from __future__ import annotations

import gzip

import openai
import pytest
from aiohttp import web
from httpx2 import create_ssl_context

from backends.chat_completions import ChatCompletions
from backends.provider.client import Wire
from backends.provider.raw_post import Posts, proxy_for
from backends.provider.retry import AttemptFailed
from tests.backends.asking import asked
from tests.doubles.openai_server import OpenAIDouble

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, "https://api.openai.com/v1/", None),
        ({"HTTPS_PROXY": "http://p:3128"}, "https://api.openai.com/v1/", "http://p:3128"),
        ({"HTTPS_PROXY": "p:3128"}, "https://api.openai.com/v1/", "http://p:3128"),
        ({"HTTPS_PROXY": "http://p:3128"}, "http://127.0.0.1:11434/v1/", None),
        ({"ALL_PROXY": "http://p:3128"}, "http://10.0.0.7:11434/v1/", "http://p:3128"),
        ({"ALL_PROXY": "http://p:3128", "NO_PROXY": "10.0.0.7"}, "http://10.0.0.7:11434/v1/", None),
    ],
)
def test_the_proxy_is_the_environments(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], url: str, proxy: str | None
) -> None:
    """As the openai client reads it: by scheme, else for all, and never for a host that is excepted."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(url) == proxy


async def test_a_request_goes_through_the_proxy(monkeypatch: pytest.MonkeyPatch, double: OpenAIDouble) -> None:
    """The proxy is asked even for a host that cannot be resolved."""
    asked_for = []

    async def forward(request: web.BaseRequest) -> web.Response:
        asked_for.append(str(request.url))
        return web.json_response({"choices": [{"message": {"content": "by proxy"}}]})

    runner = web.ServerRunner(web.Server(forward))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    monkeypatch.setenv("HTTP_PROXY", f"http://{host}:{port}")
    backend = ChatCompletions(api_key=double.api_key, base_url="http://model.invalid/v1", model="small-1")
    assert (await backend.reply(asked("hello"))).text == "by proxy"
    assert asked_for == ["http://model.invalid/v1/chat/completions"]
    await backend.close()
    await runner.cleanup()


async def test_headers_and_refusals_are_the_librarys(double: OpenAIDouble) -> None:
    """The organization goes along, and a compressed refusal is read as the library reads it."""
    heads = []

    async def refuse(request: web.BaseRequest) -> web.Response:
        heads.append(request.headers)
        body = gzip.compress(b'{"error": {"message": "too much", "code": "insufficient_quota"}}')
        return web.Response(status=429, body=body, headers={"Content-Encoding": "gzip", "Retry-After": "7"})

    runner = web.ServerRunner(web.Server(refuse))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    client = openai.AsyncOpenAI(api_key=double.api_key, base_url=f"http://{host}:{port}", organization="org-1")
    posts = Posts(client, create_ssl_context())
    with pytest.raises(openai.RateLimitError, match="too much") as refused:
        await posts.post("chat/completions", b"{}")
    assert refused.value.code == "insufficient_quota"
    assert refused.value.response.headers["retry-after"] == "7"
    assert heads[0]["Authorization"] == f"Bearer {double.api_key}"
    assert heads[0]["OpenAI-Organization"] == "org-1"
    assert heads[0]["Content-Type"] == "application/json"
    await posts.close()
    await client.close()
    await runner.cleanup()


async def test_a_connection_that_times_out_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system gives a connection up (ETIMEDOUT), though no limit was asked for."""

    async def post(*_: object) -> bytes:
        raise TimeoutError

    wire = Wire("x", "http://127.0.0.1:9/v1")
    monkeypatch.setattr(wire._posts, "post", post)
    with pytest.raises(AttemptFailed) as failed:
        await wire.post("chat/completions", {})
    assert failed.value.error_class == "timeout"
    await wire.close()
