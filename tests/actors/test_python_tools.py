"""Functions of a module as tools."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from actors import python_tools
from actors.python_tools import PythonTool, ToolsUnusable, load
from tests.actors import shop_tools
from tests.actors.house import ANA

TOOLS = load("tests.actors.shop_tools")


def test_public_functions_are_tools_described_by_themselves() -> None:
    """Name, docstring and signature become what the model is told; `chat` is not the model's to give."""
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


async def test_what_is_no_text_is_given_as_json() -> None:
    """An async function's dict reaches the model as JSON."""
    result = await TOOLS["opening_hours"].call(ANA, b'{"day": "monday"}')
    assert result.output == '{"day":"monday","opens":"07:00"}'


@pytest.mark.parametrize("arguments", [b"{}", b'{"bread": "cake"}', b'{"bread": "rye", "loaves": 99}', b'{"bread": 7}'])
async def test_arguments_that_do_not_fit_go_back_to_the_model(arguments: bytes) -> None:
    """Nothing is called; the result says what is wrong."""
    shop_tools.orders.clear()
    result = await TOOLS["order"].call(ANA, arguments)
    assert result.failed
    assert result.unfit
    assert "do not fit" in result.output
    assert shop_tools.orders == []


async def test_what_a_tool_raises_is_its_output() -> None:
    """An exception is told to the model, and harms nobody."""
    result = await TOOLS["opening_hours"].call(ANA, b'{"day": "doomsday"}')
    assert (result.output, result.failed) == ("LookupError: never again", True)


def _untyped(loaves) -> str:  # type: ignore[no-untyped-def]
    return str(loaves)


def _greedy(**anything: str) -> str:
    return str(anything)


@pytest.mark.parametrize(("function", "complaint"), [(_untyped, "annotate"), (_greedy, "no model can name")])
def test_a_signature_that_no_schema_describes_is_refused(function: object, complaint: str) -> None:
    """At start, with what to do."""
    with pytest.raises(ToolsUnusable, match=complaint):
        PythonTool(function)  # type: ignore[arg-type]


def test_a_module_that_is_not_there_is_named() -> None:
    """RECADO_TOOLS with a typing mistake says so at start."""
    with pytest.raises(ToolsUnusable, match="no_such_tools"):
        load("no_such_tools")


def test_a_module_without_functions_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is hardly what was meant."""
    monkeypatch.setattr(python_tools.importlib, "import_module", lambda name: SimpleNamespace(__name__=name))
    with pytest.raises(ToolsUnusable, match="no public function"):
        load("empty")
