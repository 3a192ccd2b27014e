"""Every token that a server counted for a vector is in the usage once, for every kind of caller."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.chaos.log_watch import watching
from tests.chaos.outsider import ANA, outsider
from tests.chaos.process import Recado, embeds, recado
from tests.doubles.openai_server import OpenAIDouble
from tests.waiting import until

ASK = '!tool look_up {"query": "do you deliver?"}'
CHECKS = "question;must contain\ndo you deliver?;R$ 15\nhow much is shipping?;R$ 15\n"


async def counted(process: Recado) -> int:
    done = await process.run("usage", "--json")
    assert done.code == 0, done
    return sum(one["input_tokens"] for one in json.loads(done.out) if one["model"] == "small")


@pytest.mark.slow("an instance, and six commands")
async def test_every_token_is_counted_once(tmp_path: Path) -> None:
    """Those of documents, a turn, the desk, a search and a check in the terminal, and a vector that came too late."""
    (tmp_path / "shipping.md").write_text("# Envios\n\nO frete para o Rio custa R$ 15.\n")
    (tmp_path / "checks.csv").write_text(CHECKS)
    async with OpenAIDouble() as double:  # a request is a token
        settings = embeds(double)
        with recado(tmp_path / "recado", command="up", **settings) as process:
            await process.started()
            assert (await process.run("knowledge", "add", "shop", str(tmp_path / "shipping.md"))).code == 0
            await process.said("pieces_embedded")
            bus = process.embedded_bus()
            asked = len(double.embeddings.asked)
            async with watching(bus.url, bus.token) as log, outsider(bus.url, bus.token) as someone:
                await someone.write(ANA, "m1", ASK)
                assert "R$ 15" in (await log.ended(ANA, "m1")).event.text
                status, page = await process.asked("/desk/documents/shop?q=deliver")
                assert (status, "R$ 15" in page) == (200, True), page
                assert (await process.run("knowledge", "search", "shop", "deliver")).code == 0
                checked = await process.run("knowledge", "check", str(tmp_path / "checks.csv"))
                assert checked.code == 0, checked
                assert len(double.embeddings.asked) >= asked + 5
                double.embeddings.waits = goes_on = asyncio.Event()
                await someone.write(ANA, "m2", ASK)
                await log.ended(ANA, "m2")
                await process.said("question_not_embedded")
                double.embeddings.waits = None
                goes_on.set()

            async def all_are() -> bool:
                return await counted(process) == len(double.embeddings.asked)

            await until(all_are, 60)
