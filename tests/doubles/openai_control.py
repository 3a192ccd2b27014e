"""Control of the double by another process: it sets faults, and reads the requests that came in."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from aiohttp import web

from tests.doubles.openai_faults import Fault, FaultQueue


def control_routes(faults: FaultQueue, requests: Sequence[msgspec.Struct]) -> list[web.RouteDef]:
    async def add(request: web.Request) -> web.Response:
        try:
            asked = msgspec.json.decode(await request.read(), type=list[Fault] | Fault)
        except msgspec.DecodeError as error:
            return web.Response(status=400, text=str(error))
        faults.add(*(asked if isinstance(asked, list) else [asked]))
        return web.Response(status=204)

    async def clear(_: web.Request) -> web.Response:
        faults.clear()
        return web.Response(status=204)

    async def recorded(_: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(requests), content_type="application/json")

    return [
        web.post("/_double/faults", add),
        web.delete("/_double/faults", clear),
        web.get("/_double/requests", recorded),
    ]
