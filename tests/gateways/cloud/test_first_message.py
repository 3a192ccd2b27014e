"""A first message to a new person: from the command to WhatsApp and back, with real processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.doubles.graph_webhooks import PHONE_NUMBER_ID
from tests.gateways.cloud.test_killed import Shape, house
from tests.gateways.templates.samples import EVERY, NAMED

NEW = "+55 11 98888-7777"
FITTING = ("--set", "name=Bia", "--set", "what=bolo", "--header", "7", "--button", "1=orders/7")


@pytest.mark.slow("an instance and a gateway start, each a process")
@pytest.mark.parametrize("shape", ["apart", "one process"])
async def test_a_first_message_is_a_template(tmp_path: Path, shape: Shape) -> None:
    """Refused as long as it does not fit; then sent, told of in its own words, and its failure says what to do."""
    async with house(tmp_path, shape) as all_:
        all_.meta.templates.set(*EVERY)
        account = () if shape == "one process" else ("--account", PHONE_NUMBER_ID)
        listed = await all_.service.run("template", "list", *account)
        assert "--template order_ready:pt_BR --header TEXT" in listed.out, listed.out
        before = (await all_.log.head()).last
        sending = ("send", NEW, "--new", *account, "--template", "order_ready:pt_BR")
        refused = await all_.service.run(*sending)
        assert refused.code == 1
        assert "--set name=VALUE" in refused.err
        assert (await all_.log.head()).last == before
        sent = await all_.service.run(*sending, *FITTING, "--wait", "60", "--json")
        assert sent.code == 0, sent.err
        reply = json.loads(sent.out)["reply"]
        (taken,) = all_.meta.taken
        assert (taken.to, taken.template) == ("5511988887777", "order_ready")
        history = await all_.service.run("history", NEW)
        assert "Olá Bia, seu bolo está pronto." in history.out
        all_.meta.templates.set(replace(NAMED, status="PAUSED"))
        paused = await all_.service.run(*sending, *FITTING)
        assert (paused.code, "paused" in paused.err) == (1, True), paused.err
        await all_.meta.tell(taken, "failed", code=132015)
        await all_.until_receipt("failed")
        assert "Meta has paused the template" in (await all_.service.run("why", reply)).out
