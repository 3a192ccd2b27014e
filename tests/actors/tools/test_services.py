"""NATS micro services as tools, on a real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import nats.micro
import pytest
from nats.micro.request import Request, ServiceError
from nats.micro.service import Service

from actors.tools.python import load
from actors.tools.services import ServiceTools
from actors.tools.toolbox import LONGEST_OUTPUT, Toolbox
from events.jetstream.connection import Bus
from events.parts import Part
from tests.actors.house import ANA
from tests.waiting import until

DELIVERY = {
    "name": "delivery",
    "description": "When an order arrives.",
    "parameters": {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]},
    "safe": True,
}


async def answer(request: Request) -> None:
    match json.loads(request.data).get("order"):
        case "lost":
            raise ServiceError("404", "no such order")
        case "odd":
            raise ServiceError("400", "an order is a number")
        case "late":
            await asyncio.sleep(30)
        case "parts" | "bad parts" as kind:
            part = {"kind": "location", "latitude": 1.5, "longitude": 2 if kind == "parts" else "east"}
            await request.respond(json.dumps({"send": [part]}).encode(), headers={"Recado-Result": "1"})
        case "long":
            await request.respond(b"x" * (LONGEST_OUTPUT + 1))
        case order:
            headers = request.headers or {}
            await request.respond(f"{order} for {headers['Recado-Chat']} of {headers['Recado-Account']}".encode())


async def service(bus: Bus, metadata: dict[str, str], name: str = "delivery") -> Service:
    service = await nats.micro.add_service(bus, name=name, version="1.0.0")
    await service.add_endpoint(name=name, subject=f"tools.{name}", handler=answer, metadata=metadata)
    return service


async def found_on(bus: Bus) -> ServiceTools:
    """The tools on the bus, once there is one: on a busy machine a service may answer after the look."""
    tools = ServiceTools(bus)

    async def found() -> bool:
        await tools.look()
        return bool(tools.found)

    await until(found)
    return tools


@pytest.fixture
async def services(bus: Bus) -> AsyncIterator[ServiceTools]:
    """The tools found on a bus with three services: one with a tool, one without, one with a broken description."""
    running = [
        await service(bus, {"recado.tool": json.dumps(DELIVERY)}),
        await service(bus, {}, "other"),
        await service(bus, {"recado.tool": "{"}, "broken"),
    ]
    yield await found_on(bus)
    for each in running:
        await each.stop()


async def test_an_endpoint_with_the_metadata_is_a_tool(services: ServiceTools) -> None:
    """Only this endpoint, with its own description."""
    (found,) = services.found.values()
    assert (found.tool.name, found.tool.description, found.is_safe) == ("delivery", "When an order arrives.", True)
    assert found.tool.parameters == DELIVERY["parameters"]


async def test_a_call_is_a_request_with_the_chat_in_its_headers(services: ServiceTools) -> None:
    """The service knows the chat for which it acts, and its answer is the output."""
    result = await Toolbox({}, services).call(ANA, "delivery", '{"order": "77"}')
    assert (result.output, result.failed) == (f"77 for {ANA.chat} of local", False)


@pytest.mark.parametrize(
    ("name", "arguments", "told", "unfit"),
    [
        ("delivery", '{"order": "lost"}', "no such order", False),
        ("delivery", '{"order": "odd"}', "an order is a number", True),
        ("delivery", '{"order": "late"}', "no answer within", False),
        ("delivery", "{", "no JSON", True),
        ("delivery", "[1]", "JSON object", True),
        ("cook", "{}", "There is no tool cook", False),
    ],
)
async def test_failures_are_told_to_the_model(
    services: ServiceTools, name: str, arguments: str, told: str, *, unfit: bool
) -> None:
    """A fault of the service, silence, bad arguments, a missing tool: each is a failed result."""
    if told == "no answer within":
        services._patience = 0.1
    result = await Toolbox({}, services).call(ANA, name, arguments)
    assert result.failed
    assert result.unfit == unfit
    assert told in result.output


async def test_a_service_sends_parts(services: ServiceTools) -> None:
    """With the header, its body has them; without an output the model reads them."""
    result = await Toolbox({}, services).call(ANA, "delivery", '{"order": "parts"}')
    assert result.send == (Part(kind="location", latitude=1.5, longitude=2.0),)
    assert "q=1.5,2.0" in result.output


async def test_parts_that_cannot_be_read_are_a_failed_result(services: ServiceTools) -> None:
    """It names the field, for the author of the service."""
    result = await Toolbox({}, services).call(ANA, "delivery", '{"order": "bad parts"}')
    assert (result.failed, result.send) == (True, ())
    assert "longitude" in result.output


async def test_a_long_output_is_cut(services: ServiceTools) -> None:
    """The log and the model get the beginning."""
    result = await Toolbox({}, services).call(ANA, "delivery", '{"order": "long"}')
    assert len(result.output) < LONGEST_OUTPUT + 20


async def test_a_service_that_has_gone_is_no_tool_any_more(bus: Bus) -> None:
    """A call fails as not there; after two looks without it the tool is not offered."""
    running = await service(bus, {"recado.tool": json.dumps(DELIVERY)})
    tools = await found_on(bus)
    toolbox = Toolbox({}, tools)
    assert [tool.name for tool in await toolbox.offered("shop")] == ["delivery"]
    await running.stop()
    assert "not there" in (await toolbox.call(ANA, "delivery", "{}")).output
    await tools.look()
    assert [tool.name for tool in await toolbox.offered("shop")] == ["delivery"]
    await tools.look()
    assert await toolbox.offered("shop") == ()


@pytest.mark.parametrize("looks", [(1, 0, 1, 0, 1), (1, 1, 0, 1)])
async def test_a_late_answer_takes_no_tool_from_a_turn(bus: Bus, looks: tuple[int, ...]) -> None:
    """Given a service that answers some looks too late, and never two in a row, then its tool is offered throughout."""
    endpoint = {"subject": "tools.delivery", "metadata": {"recado.tool": json.dumps(DELIVERY)}}
    answer = json.dumps({"name": "delivery", "endpoints": [endpoint]}).encode()

    class Late(ServiceTools):
        async def _ask_all(self, subject: str) -> list[bytes]:
            return [answer] * next(answers)

    tools, answers = Late(bus), iter(looks)
    for _ in looks:
        await tools.look()
        assert list(tools.found) == ["delivery"]


async def test_functions_count_before_services(bus: Bus) -> None:
    """Of two tools of one name the module's is offered, once."""
    running = await service(bus, {"recado.tool": json.dumps({**DELIVERY, "name": "order"})})
    tools = await found_on(bus)
    toolbox = Toolbox(load("tests.actors.tools.shop_tools"), tools)
    assert sorted(tool.name for tool in await toolbox.offered("shop")) == ["opening_hours", "order"]
    assert not toolbox.is_safe("order")
    await running.stop()
