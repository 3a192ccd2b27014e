"""A web server on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def page(body: str | bytes, kind: str = "text/html", **headers: str) -> Answer:
    """The same answer to every request."""

    async def answer(_: web.Request) -> web.Response:
        content = body if isinstance(body, bytes) else body.encode()
        return web.Response(body=content, headers={"Content-Type": kind, **headers})

    return answer


def redirect(to: str, status: int = 302) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": to})

    return answer


@asynccontextmanager
async def serving(changing: dict[str, Answer] | None = None, **named: Answer) -> AsyncIterator[str]:
    """Serve `/<name>` for each name; yields the address of the root."""
    answers = named if changing is None else changing

    async def answer(request: web.Request) -> web.StreamResponse:
        found = answers.get(request.path.strip("/").partition(".")[0])
        return await found(request) if found is not None else web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner: Any = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
