"""Control of the double by another process: it sets faults, and reads the requests that came in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec
from aiohttp import web

from tests.doubles.openai_faults import Fault, FaultQueue
from tests.doubles.openai_threads_serving import ThreadFault

Plan = TypeVar("Plan", bound=msgspec.Struct)


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


def routes_of_threads(
    name: str, told: Callable[[], object], faults: list[ThreadFault], plans: list[Plan], plan: type[Plan]
) -> list[web.RouteDef]:
    """The routes by which another process sets faults and plans of the threads of one API, and sees what is in it."""

    async def show(_: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(told()), content_type="application/json")

    async def fail(request: web.Request) -> web.Response:
        faults.extend(msgspec.json.decode(await request.read(), type=list[ThreadFault]))
        return web.Response(status=204)

    async def planned(request: web.Request) -> web.Response:
        plans.extend(msgspec.json.decode(await request.read(), type=list[plan]))  # type: ignore[valid-type]
        return web.Response(status=204)

    return [
        web.get(f"/_double/{name}", show),
        web.post(f"/_double/{name}/faults", fail),
        web.post(f"/_double/{name}/plans", planned),
    ]
