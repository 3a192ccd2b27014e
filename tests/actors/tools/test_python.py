"""Functions of a module as tools."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from actors.tools import python
from actors.tools.python import PythonTool, ToolsUnusable, load
from actors.tools.services import ServiceTools
from actors.tools.toolbox import Toolbox
from events.jetstream.connection import Bus
from tests.actors.house import ANA
from tests.actors.tools import shop_tools
from tests.waiting import until

TOOLS = load("tests.actors.tools.shop_tools")


def test_public_functions_are_tools_described_by_themselves() -> None:
    """The model is told name, docstring and signature; `chat` is not a parameter for the model."""
    assert sorted(TOOLS) == ["opening_hours", "order"]
    tool = TOOLS["order"].tool
    assert tool.description == "Order bread for the person who writes."
    assert tool.parameters["type"] == "object"
    assert tool.parameters["required"] == ["bread"]
    assert tool.parameters["properties"] == {
        "bread": {"enum": ["rye", "wheat"]},
        "loaves": {"type": "integer", "minimum": 1, "maximum": 20, "default": 1},
    }
    assert (TOOLS["order"].is_safe, TOOLS["opening_hours"].is_safe) == (False, True)


async def test_a_call_gets_checked_arguments_and_the_chat() -> None:
    """A sync function runs with the chat's JID and its defaults."""
    shop_tools.orders.clear()
    result = await TOOLS["order"].call(ANA, b'{"bread": "rye"}')
    assert (result.output, result.failed) == ("1 rye ordered", False)
    assert shop_tools.orders == [(ANA.chat, "rye", 1)]


async def test_other_results_than_text_are_given_as_json() -> None:
    """An async function's dict reaches the model as JSON."""
    result = await TOOLS["opening_hours"].call(ANA, b'{"day": "monday"}')
    assert result.output == '{"day":"monday","opens":"07:00"}'


@pytest.mark.parametrize("arguments", [b"{}", b'{"bread": "cake"}', b'{"bread": "rye", "loaves": 99}', b'{"bread": 7}'])
async def test_arguments_that_do_not_fit_go_back_to_the_model(arguments: bytes) -> None:
    """The function is not called; the result names the error."""
    shop_tools.orders.clear()
    result = await TOOLS["order"].call(ANA, arguments)
    assert result.failed
    assert result.unfit
    assert "do not fit" in result.output
    assert shop_tools.orders == []


async def test_an_exception_of_a_tool_is_its_output() -> None:
    """The model is told of an exception, and recado goes on."""
    result = await TOOLS["opening_hours"].call(ANA, b'{"day": "doomsday"}')
    assert (result.output, result.failed) == ("LookupError: never again", True)


async def test_a_function_that_hangs_takes_no_others_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads cannot be ended: MOST_THREADS calls hang, then the model is told at once; other functions work as
    before."""
    free = threading.Event()

    def slow() -> str:
        free.wait()
        return "done"

    monkeypatch.setattr(python, "MOST_THREADS", 2)
    tool = PythonTool(slow)
    hanging = [asyncio.create_task(tool.call(ANA, b"{}")) for _ in range(2)]
    await asyncio.sleep(0)
    result = await tool.call(ANA, b"{}")
    assert (result.output, result.failed) == ("slow hangs: 2 calls of it have not come back", True)
    hanging[0].cancel()
    assert (await TOOLS["order"].call(ANA, b'{"bread": "rye"}')).output == "1 rye ordered"
    free.set()
    assert (await hanging[1]).output == "done"
    await until(lambda: tool._threads == 0)
    assert (await tool.call(ANA, b"{}")).output == "done"


def test_a_function_that_hangs_does_not_keep_recado_from_stopping() -> None:
    """The loop is closed while it is at work."""
    tool = PythonTool(_forever)

    async def ask_and_go() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await tool.call(ANA, b"{}")

    asyncio.run(ask_and_go())


def _forever() -> str:
    threading.Event().wait()
    raise AssertionError


async def test_an_output_that_no_event_can_hold_is_mended(bus: Bus) -> None:
    """Half a surrogate pair, as from a broken file name."""

    def broken() -> str:
        return "caf\udce9"

    toolbox = Toolbox({"broken": PythonTool(broken)}, ServiceTools(bus))
    assert (await toolbox.call(ANA, "broken", "{}")).output == "caf?"


def _untyped(loaves) -> str:  # type: ignore[no-untyped-def]
    return str(loaves)


def _greedy(**anything: str) -> str:
    return str(anything)


@pytest.mark.parametrize(("function", "complaint"), [(_untyped, "annotate"), (_greedy, "no model can name")])
def test_a_signature_that_no_schema_describes_is_refused(function: object, complaint: str) -> None:
    """At start, with advice."""
    with pytest.raises(ToolsUnusable, match=complaint):
        PythonTool(function)  # type: ignore[arg-type]


def test_a_module_that_is_not_there_is_named() -> None:
    """RECADO_TOOLS with a typing mistake says so at start."""
    with pytest.raises(ToolsUnusable, match="no_such_tools"):
        load("no_such_tools")


def test_a_module_that_ends_python_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A profile may name it while instances run: none of them ends."""
    (tmp_path / "leaving_tools.py").write_text("raise SystemExit(3)")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ToolsUnusable, match="leaving_tools cannot be imported: SystemExit: 3"):
        load("leaving_tools")


def test_a_module_without_functions_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty module is most likely a mistake."""
    monkeypatch.setattr(python.importlib, "import_module", lambda name: SimpleNamespace(__name__=name))
    with pytest.raises(ToolsUnusable, match="no public function"):
        load("empty")
