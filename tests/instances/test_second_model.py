"""An instance is lost while the second model writes: the next owner asks the second, with its own key."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.fleet import fleet
from tests.doubles.openai_server import OpenAIDouble

KEY = "sk-of-the-second-model"


@pytest.mark.slow("two processes; a lease outlives its holder by 3 s, and the first model has 2 s for each request")
async def test_the_new_owner_asks_the_second_model(tmp_path: Path) -> None:
    """After kill -9: one reply, by the second; the first one's run is stopped, and the next turn is the first's."""
    async with OpenAIDouble(api_key=KEY) as second:
        given = {
            "OPENAI_API_MODE": "responses",
            "OPENAI_FALLBACK_MODEL": "second-1",
            "OPENAI_FALLBACK_BASE_URL": second.base_url,
            "OPENAI_FALLBACK_API_KEY": KEY,
            "RECADO_FALLBACK_AFTER": "2",
            "RECADO_RUN_TIMEOUT": "60",
        }
        async with fleet(tmp_path, "a", "b", **given) as those:
            await those.started("a", "b")
            those.model.responses.fail("stuck")
            second.latency = 3600.0
            lost = await those.chat_of("b")
            await those.outsider.write(lost, "m1", "good morning")
            await second.until(lambda requests: len(requests) == 1, timeout=60)
            those["b"].kill()
            second.latency = 0.0
            reply = await those.log.ended(lost, "m1")
            assert reply.msg_id.startswith("a-")
            assert (reply.event.fallback, reply.event.model, reply.event.thread) == ("timeout", "second-1", None)
            assert [made.object["status"] for made in those.model.responses.made.values()] == ["cancelled"]
            await those.answered(lost, "m2", "good night")
            assert len(second.requests) == 2
            assert those.model.api_key not in repr(second.requests)
            await those.kept_its_promises("a")
