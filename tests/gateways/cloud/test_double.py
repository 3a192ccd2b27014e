"""The double of Meta's API is one: it takes what Meta's own examples send, and refuses what Meta refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tests.doubles.graph_limits import Limits
from tests.doubles.graph_server import ACCESS_TOKEN, GraphDouble
from tests.doubles.graph_webhooks import PHONE_NUMBER_ID

TEXT = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": "16505551234", "type": "text"}
# As in https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-messages
EXAMPLES: list[dict[str, Any]] = [
    {**TEXT, "text": {"preview_url": True, "body": "As requested, here's the link: https://www.meta.com"}},
    {**TEXT, "context": {"message_id": "wamid.HBgLMTY0NjcwNDM1OTUVAgASGBQzQTdCNTg5RjY1MEMyRjlGMjRGNgA="},
     "text": {"body": "You're welcome, Pablo!"}},
    {**TEXT, "type": "template", "template": {"name": "hello_world", "language": {"code": "en_US"}}},
    {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI",
     "typing_indicator": {"type": "text"}},
    {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI"},
]  # fmt: skip
WRONG: list[dict[str, Any]] = [
    {**TEXT, "text": {"body": ""}},
    {**TEXT, "text": {"body": "   "}},
    {**TEXT, "text": {"body": "x" * 4097}},
    {**TEXT, "text": {"body": "x"}, "context": {"message_id": "say-77"}},
    {**TEXT, "text": {"body": "x"}, "recipient": "US.1349"},
    {**TEXT, "to": "ana@s.whatsapp.net", "text": {"body": "x"}},
    {**TEXT, "text": {"body": "x"}, "biz_opaque_callback_data": "x" * 513},
    {**TEXT, "text": {"body": "x"}, "mood": "good"},
    {**TEXT},
]


@pytest.fixture
async def meta() -> AsyncIterator[GraphDouble]:
    async with GraphDouble(Limits(number=3, burst=2)) as double:
        yield double
        double.violations.clear()


async def post(meta: GraphDouble, body: dict[str, Any], token: str = ACCESS_TOKEN) -> tuple[int, dict[str, Any]]:
    async with httpx2.AsyncClient() as client:
        url = f"{meta.url}/{PHONE_NUMBER_ID}/messages"
        answer = await client.post(url, json=body, headers={"Authorization": f"Bearer {token}"})
        return answer.status_code, answer.json()


@pytest.mark.parametrize("body", EXAMPLES)
async def test_it_takes_metas_examples(meta: GraphDouble, body: dict[str, Any]) -> None:
    status, answer = await post(meta, body)
    assert status == 200
    assert answer == {"success": True} if "status" in body else answer["messages"][0]["id"] == meta.taken[0].id


@pytest.mark.parametrize("body", WRONG)
async def test_it_refuses_what_meta_refuses(meta: GraphDouble, body: dict[str, Any]) -> None:
    """As an error 100, and the test in which it happens fails."""
    status, answer = await post(meta, body)
    assert (status, answer["error"]["code"], len(meta.violations)) == (400, 100, 1)


async def test_it_knows_its_token(meta: GraphDouble) -> None:
    status, answer = await post(meta, EXAMPLES[0], "EAAGguessed")
    assert (status, answer["error"]["code"]) == (401, 190)


async def test_it_counts(meta: GraphDouble) -> None:
    """Both limits, each with its own code."""
    answers = [await post(meta, {**EXAMPLES[0], "to": to}) for to in ("11111", "11111", "11111", "22222", "33333")]
    codes = [answer.get("error", {}).get("code") for _status, answer in answers]
    assert codes == [None, None, 131056, None, 130429]
