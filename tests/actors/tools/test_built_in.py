"""recado's own tools: questions with choices, files and places of the library."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from actors.tools.built_in import LONGEST_ID, MOST_NAMED, BuiltIn, choice_id
from actors.tools.python import PythonTool
from actors.tools.services import ServiceTools
from actors.tools.shelf import Shelf
from actors.tools.toolbox import Toolbox
from backends.protocol import Tool
from chat.built_in import ASK_CHOICE, BUILT_IN, SEND_FILE, SEND_LOCATION
from events.library import Entry
from events.log import LogUnavailable
from events.memory_library import MemoryLibrary
from events.parts import Part, faults
from events.subjects import ChatKey

ANA = ChatKey("shop", "5511999999999@s.whatsapp.net")
AT = datetime(2026, 11, 29, tzinfo=UTC)
FILE = Part(kind="document", object=f"LIBRARY/{'a' * 64}", mime="application/pdf", filename="prices.pdf")
PLACE = Part(kind="location", latitude=-30.0, longitude=-51.2, name="Shop")


async def library_of(*names: str, account: str = "shop", places: tuple[str, ...] = ()) -> MemoryLibrary:
    library = MemoryLibrary()
    for name in (*names, *places):
        await library.add(account, Entry(name=name, part=PLACE if name in places else FILE, at=AT))
    return library


def toolbox(library: MemoryLibrary, *names: str, **settings: Any) -> Toolbox:
    bus: Any = None
    return Toolbox({}, ServiceTools(bus), built_in=BuiltIn(names or BUILT_IN, Shelf(library)), **settings)


def asking(question: Any, options: Any, **more: Any) -> str:
    return json.dumps({"question": question, "options": options, **more})


def strict(schema: Any) -> bool:
    """Whether OpenAI takes the schema as strict: https://platform.openai.com/docs/guides/structured-outputs"""
    if schema.get("type") == "object":
        inner = schema["properties"]
        return (
            schema["additionalProperties"] is False
            and schema["required"] == list(inner)
            and all(map(strict, inner.values()))
        )
    return strict(schema["items"]) if schema.get("type") == "array" else set(schema) <= {"type", "description", "enum"}


async def test_what_the_model_is_offered() -> None:
    """The names that there are, each under its tool; every schema is strict; another account has nothing to send."""
    box = toolbox(await library_of("Menu", "prices.pdf", places=("Shop",)))
    offered = {tool.name: tool for tool in await box.offered("shop")}
    assert list(offered) == [ASK_CHOICE, SEND_FILE, SEND_LOCATION]
    assert offered[SEND_FILE].parameters["properties"]["name"]["enum"] == ["Menu", "prices.pdf"]
    assert offered[SEND_LOCATION].parameters["properties"]["name"]["enum"] == ["Shop"]
    assert all(tool.strict and strict(tool.parameters) for tool in offered.values())
    assert [tool.name for tool in await box.offered("other")] == [ASK_CHOICE]
    assert all(box.is_safe(name) for name in BUILT_IN)


async def test_only_those_that_are_switched_on() -> None:
    box = toolbox(await library_of("Menu", places=("Shop",)), SEND_LOCATION)
    assert [tool.name for tool in await box.offered("shop")] == [SEND_LOCATION]
    for name in (ASK_CHOICE, SEND_FILE):
        assert (await box.call(ANA, name, '{"name": "Menu"}')).output == f"There is no tool {name}"


async def test_a_large_library_is_told_in_part_and_always_in_the_same_words() -> None:
    """The description stays below a few thousand tokens, and the provider's cache holds."""
    library = await library_of(*(f"price list {n:04}" for n in range(1_000)))
    (tool,) = await toolbox(library, SEND_FILE).offered("shop")
    assert "enum" not in tool.parameters["properties"]["name"]
    assert tool.description.count("price list") == MOST_NAMED
    assert "There are 1000." in tool.description
    assert msgspec.json.encode(tool) == msgspec.json.encode((await toolbox(library, SEND_FILE).offered("shop"))[0])
    result = await toolbox(library, SEND_FILE).call(ANA, SEND_FILE, '{"name": "price list 0417 pdf"}')
    assert result.failed
    assert "price list 0417" in result.output


async def test_a_file_and_a_place_are_sent() -> None:
    """A name counts in any case of its letters."""
    box = toolbox(await library_of("Menu", places=("Shop",)))
    sent = await box.call(ANA, SEND_FILE, '{"name": "MENU"}')
    assert (sent.send, sent.quiet, sent.failed) == ((FILE,), True, False)
    sent = await box.call(ANA, SEND_LOCATION, '{"name": "Shop"}')
    assert (sent.send, sent.quiet, sent.failed) == ((PLACE,), True, False)


@pytest.mark.parametrize(
    ("tool", "name", "told"),
    [
        (SEND_FILE, "Mneu", 'There is no file of this name. Those with names like it: "Menu"'),
        (SEND_FILE, "menu of today", '"Menu"'),
        (SEND_FILE, "Shop", "There is no file of this name."),
        (SEND_LOCATION, "Menu", "There is no place of this name."),
        (SEND_FILE, "", "There is no file of this name."),
        (SEND_FILE, "../other/Menu", "There is no file of this name."),
        (SEND_FILE, "other.Menu", "There is no file of this name."),
        (SEND_FILE, "shop/../other/secret", "There is no file of this name."),
        (SEND_FILE, "*", "There is no file of this name."),
        (SEND_FILE, ">", "There is no file of this name."),
        (SEND_FILE, "x" * 50_000, "There is no file of this name."),
        (SEND_FILE, "LIBRARY/" + "a" * 64, "There is no file of this name."),
    ],
)
async def test_a_wrong_name_is_a_failed_result(tool: str, name: str, told: str) -> None:
    """The model is told the names that are like it, and may call again; nothing is sent."""
    result = await toolbox(await library_of("Menu", places=("Shop",))).call(ANA, tool, json.dumps({"name": name}))
    assert told in result.output
    assert (result.failed, result.unfit, result.quiet, result.send) == (True, False, False, ())


@pytest.mark.parametrize(
    "arguments", ["{}", '{"name": 7}', '{"name": null}', '{"name": "Menu", "account": "other"}', "[]", "x"]
)
async def test_arguments_of_other_shapes_are_unfit(arguments: str) -> None:
    result = await toolbox(await library_of("Menu")).call(ANA, SEND_FILE, arguments)
    assert (result.failed, result.unfit, result.send) == (True, True, ())


async def test_a_library_that_cannot_be_read_is_a_failed_result() -> None:
    """The names that were read last are offered meanwhile."""

    class Away(MemoryLibrary):
        away = False

        async def entry(self, account: str, name: str) -> Entry | None:
            raise LogUnavailable("away")

        async def entries(self, account: str) -> list[Entry]:
            raise LogUnavailable("away")

    box = toolbox(Away())
    assert [tool.name for tool in await box.offered("shop")] == [ASK_CHOICE]
    result = await box.call(ANA, SEND_FILE, '{"name": "Menu"}')
    assert (result.failed, result.output) == (True, "The library cannot be read at the moment.")


async def test_a_question_is_a_part_with_choices() -> None:
    """Ids are made of the titles, so they are the same each time; the titles stay as the model wrote them."""
    result = await toolbox(MemoryLibrary()).call(
        ANA, ASK_CHOICE, asking("Qual tamanho?", ["Pequeno ", "GRANDE  família"])
    )
    (part,) = result.send
    assert (part.kind, part.text) == ("choices", "Qual tamanho?")
    assert [(one.id, one.title) for one in part.choices] == [
        ("pequeno", "Pequeno"),
        ("grande família", "GRANDE família"),
    ]
    assert (result.failed, result.quiet) == (False, True)
    assert list(faults(part)) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (asking("Which?", []), "length >= 1"),
        (asking("Which?", [f"t{n}" for n in range(11)]), "length <= 10"),
        (asking("Which?", ["a", "b", "A "]), "two of `options` are the same"),
        (asking("Which?", ["ﬁsh", "FISH"]), "two of `options` are the same"),
        (asking("Which?", ["a", " "]), "one of `options` is blank"),
        (asking("Which?", ["a", "\x00\x07"]), "one of `options` is blank"),
        (asking(" ", ["a", "b"]), "`question` has no words for the person"),
        (asking("<think>which?</think>", ["a", "b"]), "`question` has no words for the person"),
        (asking("Which?", ["a" * 201, "b"]), "length <= 200"),
        (asking("W" * 4_097, ["a", "b"]), "length <= 4096"),
        (asking("Which?", "ab"), "Expected `array`"),
        (asking("Which?", [{"title": "a"}]), "Expected `str`"),
        (asking(None, ["a"]), "Expected `str`"),
        (asking("Which?", ["a"], chat="other@s.whatsapp.net"), "unknown field"),
        ("{}", "missing required field"),
        ('{"question": "\\ud800", "options": ["a"]}', "The arguments are no JSON"),
    ],
)
async def test_a_question_that_cannot_be_shown_goes_back_to_the_model(arguments: str, told: str) -> None:
    result = await toolbox(MemoryLibrary()).call(ANA, ASK_CHOICE, arguments)
    assert told in result.output
    assert (result.failed, result.unfit, result.quiet, result.send) == (True, True, False, ())


async def test_a_models_internals_are_no_part_of_a_question() -> None:
    question = "<think>They want bread.</think>Which size?"
    (part,) = (await toolbox(MemoryLibrary()).call(ANA, ASK_CHOICE, asking(question, ["S", "L"]))).send
    assert part.text == "Which size?"


def test_ids_of_choices() -> None:
    """Short, the same for the same words, different for different ones."""
    long, other = "a large loaf of rye " * 9, "a large loaf of rye " * 8
    assert choice_id("Rye 1 kg") == choice_id("  RYE  1 kg") == "rye 1 kg"
    assert len(choice_id(long)) <= LONGEST_ID
    assert choice_id(long) == choice_id(long.upper()) != choice_id(other)


async def test_own_tools_come_before_functions_and_services() -> None:
    """At start a function of the same name is refused; should one be there all the same, recado's counts."""

    def send_file(name: str) -> str:
        """Not this one."""
        return "shop"

    bus: Any = None
    built_in = BuiltIn(BUILT_IN, Shelf(await library_of("Menu")))
    box = Toolbox({"send_file": PythonTool(send_file)}, ServiceTools(bus), built_in=built_in)
    assert [tool.name for tool in await box.offered("shop")] == [ASK_CHOICE, SEND_FILE]
    assert (await box.call(ANA, SEND_FILE, '{"name": "Menu"}')).send == (FILE,)


async def test_entries_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was added is offered a few seconds later; no turn waits for a thousand reads."""
    library = await library_of("Menu")
    shelf = Shelf(library)
    assert len(await shelf.entries("shop")) == 1
    await library.add("shop", Entry(name="Prices", part=FILE, at=AT))
    assert len(await shelf.entries("shop")) == 1
    monkeypatch.setattr("actors.tools.shelf.READ_AGAIN", -1.0)
    assert len(await shelf.entries("shop")) == 2


def test_a_tool_is_not_strict_by_itself() -> None:
    assert not Tool(name="a", description="", parameters={}).strict
