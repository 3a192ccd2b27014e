"""What a server may answer to do harm: a body without end, or the way to somebody else."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

ELSEWHERE = "/elsewhere"
"""Where a redirect points; a double is never asked there by a client that follows none."""


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
