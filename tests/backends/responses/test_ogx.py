"""A third party's server, ogx, with a real model; only if one is running.

RECADO_TEST_OGX is its base URL (http://127.0.0.1:8321/v1), RECADO_TEST_OGX_MODEL a model there. In every run the double
plays its manners (`like_ogx`).
"""

from __future__ import annotations

import os

from backends.responses.backend import Responses
from tests.backends.responses.turns import Turn, place

OGX = os.environ.get("RECADO_TEST_OGX")
TEXTS = ("Hello, my name is Ana.", "What does bread cost?", "Thank you!")

if OGX:

    async def test_three_turns_in_which_a_tool_is_offered() -> None:
        """Each message and each reply is in the conversation once, in order; a call, if any, has its output."""
        backend = Responses(api_key="none", base_url=OGX, model=os.environ["RECADO_TEST_OGX_MODEL"])
        thread = await backend.create_thread(place(patience=60.0))
        said: list[str] = []
        for number, text in enumerate(TEXTS):
            answer = await Turn(thread, text, turn=f"t{number}", patience=60.0).answered(backend)
            assert answer.usage.input_tokens > 0
            said += [text, answer.text]
        items = await backend._calls.items_after(thread, "")
        await backend.close()
        assert [item.text for item in items if item.type == "message"] == said
        calls = [item.call_id for item in items if item.type == "function_call"]
        assert [item.call_id for item in items if item.type == "function_call_output"] == calls
