"""The templates of a number under the roles: its gateway tells them to the roles that need them."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from gateways.cloud.graph import Graph
from gateways.cloud.template_list import TemplateList
from gateways.cloud.token import fixed
from gateways.templates.known import TemplatesUnread
from recado.settings.settings import Settings
from recado.wiring import templates
from tests.deploy.conftest import As
from tests.doubles.graph_server import ACCESS_TOKEN, GraphDouble
from tests.doubles.graph_webhooks import PHONE_NUMBER_ID
from tests.gateways.templates.samples import EVERY
from tests.waiting import until


async def test_the_gateway_tells_them_to_those_who_may_ask(connected_as: As, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = await connected_as("gateway")
    async with GraphDouble() as meta, Graph.session() as session:
        meta.templates.set(*EVERY)
        listed = TemplateList(session, meta.url, PHONE_NUMBER_ID, fixed(ACCESS_TOKEN))
        answering = asyncio.create_task(templates.answer(gateway, "shop", listed))
        await until(lambda: gateway._subs)
        await gateway.flush()
        for role in ("operator", "instance"):
            known = await templates.AccountTemplates(Settings(), await connected_as(role)).known("shop")
            assert len(known.templates) == len(EVERY)
        monkeypatch.setattr(templates, "ANSWER_WITHIN", 0.5)
        with pytest.raises(TemplatesUnread):
            await templates.AccountTemplates(Settings(), await connected_as("consumer")).known("shop")
        answering.cancel()
        with suppress(asyncio.CancelledError):
            await answering
