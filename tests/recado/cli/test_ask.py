"""`recado ask`: one question, no chat, no log."""

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


async def test_programs_are_told_the_model_too(recado: Command) -> None:
    """The answer as one document."""
    document = (await recado("ask", "how are you?", "--json", OPENAI_API_MODE="scripted")).document
    assert document["text"] == "echo: how are you?"
    assert "model" in document
