"""Harmful answers of a server: a body without end, or a redirect to another server."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

ELSEWHERE = "/elsewhere"
"""The target of a redirect; a client that follows none never asks it."""


async def endless(
    request: web.Request, status: int = 200, wrote: Callable[[int], None] = lambda _: None
) -> web.StreamResponse:
    """The beginning of JSON, for as long as the client reads; `wrote` hears how many bytes went."""
    answer = web.StreamResponse(status=status, headers={"content-type": "application/json"})
    await answer.prepare(request)
    await answer.write(b'{"a":"')
    try:
        while True:
            await answer.write(b"x" * 65536)
            wrote(65536)
    except ConnectionError:
        return answer


def redirect(status: int = 307) -> web.Response:
    return web.Response(status=status, headers={"location": ELSEWHERE})
