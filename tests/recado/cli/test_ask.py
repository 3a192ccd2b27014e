"""`recado ask`: one question, no chat, no log."""

import json

from recado.wiring.backends import LENGTH_RULE
from tests.doubles.openai_server import API_KEY, OpenAIDouble
from tests.recado.command import Command


async def test_a_question_needs_no_bus(recado: Command) -> None:
    """The answer's text alone, and nothing is left behind."""
    assert await recado("ask", "how are you?", OPENAI_API_MODE="scripted") == (0, "echo: how are you?\n", "")
    assert not (recado.home / "data").exists()


async def test_the_model_is_told_the_system_prompt_and_the_question_alone(recado: Command) -> None:
    """The words of a chat have no part in it."""
    async with OpenAIDouble() as double:
        done = await recado(
            "ask",
            "how are you?",
            OPENAI_API_KEY=API_KEY,
            OPENAI_BASE_URL=double.base_url,
            AI_SYSTEM_PROMPT="Be kind.",
        )
    assert done == (0, "reply to: how are you?\n", "")
    (request,) = double.requests
    assert request.body["messages"] == [
        {"role": "system", "content": f"Be kind.\n\n{LENGTH_RULE}"},
        {"role": "user", "content": "how are you?"},
    ]


async def test_a_failure_is_told_with_its_class(recado: Command) -> None:
    """Exit 1, and the provider's words without the key."""
    async with OpenAIDouble() as double:
        done = await recado("ask", "hello", OPENAI_API_KEY="sk-wrong-key-1234", OPENAI_BASE_URL=double.base_url)
    assert (done.code, done.out) == (1, "")
    assert "Error: bad_key: " in done.err
    assert "sk-wrong-key-1234" not in done.err


async def test_by_the_profile_of_a_file(recado: Command) -> None:
    """Its prompt, its model and the key that it names, without a bus; what it may not name is refused with its line."""
    async with OpenAIDouble() as double:
        environment = {"SHOP_KEY": API_KEY, "RECADO_PROFILE_SERVERS": f"{double.base_url} SHOP_KEY"}
        lines = [
            "[settings]",
            'ai_system_prompt = "You bake."',
            'openai_model = "shop-model"',
            f'openai_base_url = "{double.base_url}"',
            'openai_api_key_name = "SHOP_KEY"',
        ]
        (recado.home / "shop.toml").write_text("\n".join(lines))
        done = await recado("ask", "rye?", "--profile", "shop.toml", "--json", OPENAI_API_MODE="chat", **environment)
        assert done.code == 0, done.err
        assert done.document["text"] == "reply to: rye?"
        (request,) = double.requests
        assert request.body["model"] == "shop-model"
        assert request.body["messages"][0]["content"].startswith("You bake.")
        for changed, says in (
            ({"RECADO_PROFILE_SERVERS": ""}, "shop.toml, line 4: openai_base_url is"),
            ({"SHOP_KEY": ""}, "shop: set SHOP_KEY for every instance; they are unset here."),
        ):
            done = await recado("ask", "rye?", "--profile", "shop.toml", **environment | changed)
            assert (done.code, done.out) == (1, "")
            assert says in done.err
        assert len(double.requests) == 1


async def test_programs_are_told_the_model_too(recado: Command) -> None:
    """The answer as one document."""
    document = (await recado("ask", "how are you?", "--json", OPENAI_API_MODE="scripted")).document
    assert document["text"] == "echo: how are you?"
    assert "model" in document


async def test_a_question_with_choices_is_shown_by_its_reading(recado: Command) -> None:
    """The model may ask where `ask_choice` is switched on; nothing is sent, and no run goes on."""
    options = {"question": "Which size?", "options": ["Small", "Large"]}
    function = {"name": "ask_choice", "arguments": json.dumps(options)}
    called = {"content": None, "tool_calls": [{"id": "c1", "type": "function", "function": function}]}
    words = {"content": "Small or large?"}
    async with OpenAIDouble(speaks=lambda body: called if body.get("tools") else words) as double:
        at = {"OPENAI_API_KEY": double.api_key, "OPENAI_BASE_URL": double.base_url, "OPENAI_API_MODE": "chat"}
        assert (await recado("ask", "bread", **at)).out == "Small or large?\n"
        done = await recado("ask", "bread", RECADO_BUILT_IN_TOOLS="ask_choice", **at)
        assert done == (0, "Which size?\n\n1. Small\n2. Large\n", "")
        function["arguments"] = '{"question": "Which size?", "options": []}'
        done = await recado("ask", "bread", RECADO_BUILT_IN_TOOLS="ask_choice", **at)
        assert done.code != 0
        assert "The arguments do not fit" in done.err
