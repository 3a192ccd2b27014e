"""Refusals of servers: each is recognised by its words, in a request with what was refused, and not in a quotation."""

from __future__ import annotations

from typing import Any

import pytest

from backends.provider.problem import Problem
from backends.provider.quirks import Quirks, in_words, insist
from backends.provider.refusals import KINDS, quirk_in
from backends.provider.retry import AttemptFailed

TOOL = {"type": "function", "function": {"name": "a", "parameters": {"type": "object", "properties": {}}}}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aa"}}
ASK = {"role": "assistant", "reasoning_content": "z", "tool_calls": [{"id": "1", "type": "function", "function": {}}]}


def body(*messages: Any, **more: Any) -> dict[str, Any]:
    said = [{"role": role, "content": content} for role, content in messages]
    return {"model": "m", "messages": said, **more}


TOOLS = body(("system", "Be kind."), ("user", "hi"), tools=[TOOL])
SHOWN = body(("user", [{"type": "text", "text": "what is on this image?"}, PICTURE]))
PAST = body(("system", "Be kind."), ("assistant", "hello"), ("user", "hi"))
LATE = body(("system", "Be kind."), ("user", "hi"), ("system", "It is noon."), ("user", "hi"))
FIELDS = body(("user", "hi"), temperature=1, max_tokens=5, store=True, metadata={}, parallel_tool_calls=False)
CALLED = {**TOOLS, "messages": [*TOOLS["messages"], ASK, {"role": "tool", "tool_call_id": "1", "content": "x"}]}

SAID = [
    (TOOLS, 400, "registry.ollama.ai/library/gemma3:4b does not support tools", "no_tools"),
    (TOOLS, 404, 'No endpoints found that support tool use. Try disabling "x".', "no_tools"),
    (TOOLS, 400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set', "no_tools"),
    (TOOLS, 500, "tools param requires --jinja flag", "no_tools"),
    (TOOLS, 400, "Function calling is not enabled for models/gemma-3-27b-it", "no_tools"),
    (TOOLS, 400, "`tools` is not supported with this model", "no_tools"),
    (TOOLS, 422, "Unsupported parameter: 'tools' is not supported with this model.", "no_tools"),
    (TOOLS, 400, "This model doesn't support function calling.", "no_tools"),
    (TOOLS, 400, "Unknown name \"additionalProperties\" at 'tools[0].parameters': Cannot find field.", "plain_schemas"),
    (TOOLS, 400, "tools.0.function.parameters: 'anyOf' is not supported", "plain_schemas"),
    (TOOLS, 400, "tools[0].function_declarations[1].parameters.required[0]: property is not defined", "plain_schemas"),
    (TOOLS, 400, "Invalid schema for function 'a': 'default' is not permitted.", "plain_schemas"),
    (TOOLS, 400, "System role not supported", "no_system"),
    (TOOLS, 400, "Developer instruction is not enabled for models/gemma-3-27b-it", "no_system"),
    (TOOLS, 500, "Only user and assistant roles are supported!", "no_system"),
    (TOOLS, 400, "Conversation roles must alternate user/assistant/user/assistant/...", "no_system"),
    (PAST, 400, "After the optional system message, conversation roles must alternate user/assistant", "user_first"),
    (LATE, 400, "Jinja Exception: System message must be at the beginning.", "late_system"),
    (LATE, 400, "Unexpected role 'system' after role 'user'", "late_system"),
    (SHOWN, 500, "image input is not supported by this server", "no_files"),
    (SHOWN, 404, "No endpoints found that support image input", "no_files"),
    (SHOWN, 400, "this model does not support image input (ref: b8)", "no_files"),
    (SHOWN, 422, "messages[1]: unknown variant `image_url`, expected `text` at line 1", "no_files"),
    (SHOWN, 500, 'Failed to parse messages: Unsupported content part type: "image_url"; messages = []', "no_files"),
    (SHOWN, 400, "At most 0 image(s) may be provided in one request.", "no_files"),
    (SHOWN, 400, "messages[1].content must be a string", "no_files"),
    (SHOWN, 500, "Invalid image_url.url value", "refused_files"),
    (SHOWN, 400, "The image format is not supported", "refused_files"),
    (SHOWN, 415, "Unsupported media type: image/webp", "refused_files"),
    (SHOWN, 400, "You uploaded an unsupported image. Use png or jpeg", "refused_files"),
    (SHOWN, 400, "This model does not support images larger than 8000 pixels", "refused_files"),
    (SHOWN, 400, "Animated images are not supported", "refused_files"),
    (SHOWN, 422, "Cannot process this image", "refused_files"),
    (SHOWN, 400, "Something about this request", "refused_files"),
    (CALLED, 400, "This model only supports single tool-calls at once!", "one_call"),
    (CALLED, 500, "Tool call IDs should be alphanumeric strings with length 9!", "short_ids"),
    (CALLED, 400, "property 'reasoning_content' is unsupported", "no_extras"),
    (
        FIELDS,
        400,
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "rename:max_tokens:max_completion_tokens",
    ),
    (FIELDS, 400, "Unsupported parameter: 'parallel_tool_calls' is not supported.", "drop:parallel_tool_calls"),
    (FIELDS, 400, "Unsupported value: 'temperature' does not support 0 with this model.", "drop:temperature"),
    (FIELDS, 400, "The 'metadata' parameter is only allowed when 'store' is enabled.", "drop:metadata"),
    (FIELDS, 400, "property 'store' is unsupported", "drop:store"),
    (FIELDS, 400, "Unrecognized request argument supplied: store", "drop:store"),
    (FIELDS, 422, "body.store: Extra inputs are not permitted", "drop:store"),
    (FIELDS, 400, 'Invalid JSON payload received. Unknown name "store": Cannot find field.', "drop:store"),
]


@pytest.mark.parametrize(
    ("request_", "status", "words", "quirk"), SAID, ids=[f"{one[3]}-{one[2][:30]}" for one in SAID]
)
def test_a_refusal_is_recognised(request_: dict[str, Any], status: int, words: str, quirk: str) -> None:
    """The words of servers, each in a request that they refuse."""
    assert quirk_in(Problem(status, words), request_, ()) == quirk
    assert in_words(quirk)


@pytest.mark.parametrize(
    ("request_", "status", "words", "quirk"), SAID, ids=[f"{one[3]}-{one[2][:30]}" for one in SAID]
)
def test_words_that_a_person_wrote_are_no_refusal(
    request_: dict[str, Any], status: int, words: str, quirk: str
) -> None:
    """A server that quotes its input in an error teaches recado nothing, in whatever form it quotes it."""
    asked = {**request_, "messages": [*request_["messages"], {"role": "user", "content": f"He said: {words}"}]}
    for quoted in (f"cannot parse: He said: {words}", f'bad input "He  said:\\n{words.upper()}"'):
        found = quirk_in(Problem(status, quoted), asked, ())
        assert found is None or (found in KINDS and not KINDS[found].kept)


@pytest.mark.parametrize("status", [401, 402, 403, 408, 409, 429, 502, 503, 504])
def test_other_statuses_refuse_nothing(status: int) -> None:
    """They speak of the key, of money or of a fault that passes."""
    assert quirk_in(Problem(status, "this model does not support tools"), TOOLS, ()) is None


def test_a_request_without_tools_is_not_refused_for_tools() -> None:
    assert quirk_in(Problem(400, "this model does not support tools"), PAST, ()) is None


@pytest.mark.parametrize("field", ["model", "messages"])
def test_a_request_keeps_what_makes_it_one(field: str) -> None:
    """Nothing is asked without its model or its words."""
    assert quirk_in(Problem(400, f"Unsupported parameter: '{field}'"), FIELDS, ()) is None


async def test_only_what_helped_is_remembered() -> None:
    """A mended request that is refused as well teaches nothing; one that is answered does, for every later one."""
    quirks = Quirks("m")
    refused = AttemptFailed("bad_request", "x", problem=Problem(400, "this model does not support tools"))
    sent: list[dict[str, Any]] = []

    async def never(given: dict[str, Any]) -> str:
        sent.append(given)
        raise refused

    async def without_tools(given: dict[str, Any]) -> str:
        sent.append(given)
        if "tools" in given:
            raise refused
        return "hi"

    def mend(given: dict[str, Any], found: Any) -> dict[str, Any]:
        return {name: value for name, value in given.items() if name != "tools" or "no_tools" not in found}

    with pytest.raises(AttemptFailed):
        await insist(never, TOOLS, quirks, mend)
    assert (len(sent), quirks.found) == (2, {})
    assert await insist(without_tools, TOOLS, quirks, mend) == "hi"
    assert set(quirks.found) == {"no_tools"}
    del sent[:]
    await insist(without_tools, TOOLS, quirks, mend)
    assert len(sent) == 1
