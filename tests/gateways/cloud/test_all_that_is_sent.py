"""Everything that a person may refer to, and a changed number, by signed webhooks to the real gateway process, while
that and the service are killed: each message ends once, and the model was shown what it refers to."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from events.decisions import Ignored, Reply, TurnFailed
from events.joining import Joined
from events.recorded import Recorded
from tests.chaos.process import asks
from tests.doubles.graph_webhooks import ANA, contact, message, messages
from tests.doubles.openai_server import OpenAIDouble
from tests.gateways.cloud.test_killed import House, house
from tests.gateways.cloud.test_trouble_told import decisions
from tests.waiting import until

FORM = '{"flow_token": "x", "day": "Monday", "size": 2}'
SEEN = {
    "source_url": "https://example.org/ad",
    "source_id": "7",
    "source_type": "ad",
    "headline": "Rye",
    "body": "Today",
}
PRODUCT = {"catalog_id": "9", "product_retailer_id": "rye-1"}

SAID: dict[str, tuple[str, dict[str, Any], str]] = {
    "ad": ("text", {"text": {"body": "how much?"}, "referral": SEEN}, "came here from an advertisement, “Rye: Today”"),
    "template": ("button", {"button": {"payload": "yes-7", "text": "Yes, the first"}}, "Yes, the first"),
    "button": (
        "interactive",
        {"interactive": {"type": "button_reply", "button_reply": {"id": "b1", "title": "Seeded"}}},
        "Seeded",
    ),
    "list": (
        "interactive",
        {"interactive": {"type": "list_reply", "list_reply": {"id": "r1", "title": "Loaf", "description": "1 kg"}}},
        "Loaf (1 kg)",
    ),
    "form": (
        "interactive",
        {"interactive": {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": FORM}}},
        "day: Monday",
    ),
    "place": ("location", {"location": {"latitude": 37.4611978, "longitude": -122.15, "name": "Mill"}}, "37.4611978"),
    "forwarded": (
        "text",
        {"text": {"body": "look"}, "context": {"forwarded": True, "frequently_forwarded": True}},
        "[forwarded many times]",
    ),
    "product": (
        "text",
        {"text": {"body": "and this?"}, "context": {"referred_product": PRODUCT}},
        "asks about the product rye-1 of the catalogue 9",
    ),
    "quote": (
        "text",
        {"text": {"body": "still?"}, "context": {"id": "wamid.ad"}},
        "quotes their own message: “how much?”",
    ),
}  # fmt: skip
"""Messages that are answered: type, content, and words that the model is shown."""

SILENT: dict[str, tuple[str, dict[str, Any], str]] = {
    "poll": ("unsupported", {"unsupported": {"type": "poll_update"}, "errors": [{"code": 131051}]}, "unsupported_kind"),
    "welcome": ("request_welcome", {}, "unsupported_kind"),
}
"""Messages that end ignored, and of which nobody hears: type, content, reason."""


def webhook(name: str, type_: str, fields: dict[str, Any], sender: str = ANA) -> bytes:
    written = message(f"wamid.{name}", type_, sender=sender, at=int(time.time()), **fields)
    return messages(written, contacts=[contact(sender)])


async def endings(all_: House) -> Counter[str]:
    """The endings of each message, but for those in a chat from which it was moved."""
    found = Counter[str]()
    for one in await decisions(all_):
        match one.event:
            case Reply(in_reply_to=ids) | TurnFailed(messages=ids):
                found.update(ids)
            case Ignored(messages=ids, reason=reason) if reason != "joined":
                found.update(ids)
    return found


async def until_ended(all_: House, *names: str) -> None:
    async def ended() -> bool:
        return set(await endings(all_)) >= {f"wamid.{name}" for name in names}

    await until(ended)


async def kill_both(all_: House) -> None:
    all_.gateway.kill()
    all_.service.kill()
    await all_.service.started()
    await all_.restart_gateway()


@pytest.mark.slow("a gateway and a service start twice, and a lease outlives its holder by 3 s")
async def test_what_a_message_refers_to(tmp_path: Path) -> None:
    """Both processes die in the middle, and Meta delivers everything again afterwards."""
    async with OpenAIDouble() as model, house(tmp_path, service_settings=asks(model)) as all_:
        first, *others = [webhook(name, type_, fields) for name, (type_, fields, _) in (SAID | SILENT).items()]
        await all_.meta.deliver(first)  # a later one quotes it
        async with asyncio.TaskGroup() as delivering:
            for each in others:
                delivering.create_task(all_.meta.deliver(each))
            await until(lambda: bool(model.requests))
            await kill_both(all_)
        await until_ended(all_, *SAID, *SILENT)
        for each in (first, *others):
            await all_.meta.deliver(each)
        await all_.write("wamid.last", "that is all")
        await until_ended(all_, "last")
        assert set((await endings(all_)).values()) == {1}
        shown = "\n".join(json.dumps(one.body, ensure_ascii=False) for one in model.requests)
        assert [words for _, _, words in SAID.values() if words not in shown] == []
        reasons = {
            id_: one.reason
            for one in map(_event, await decisions(all_))
            if isinstance(one, Ignored)
            for id_ in one.messages
        }
        assert reasons == {f"wamid.{name}": reason for name, (_, _, reason) in SILENT.items()}
        replies = [one.event for one in await decisions(all_) if isinstance(one.event, Reply)]
        assert {reply.author for reply in replies} == {"assistant"}


@pytest.mark.slow("a gateway and a service start twice, and a lease outlives its holder by 3 s")
async def test_a_changed_number(tmp_path: Path) -> None:
    """What was said goes along, though both processes die on the way; the next holder is a stranger, who is answered at
    the number and shown nothing; `why` tells of the joining."""
    new, named = "12195555358", "system"
    async with OpenAIDouble() as model, house(tmp_path, service_settings=asks(model)) as all_:
        await all_.meta.deliver(webhook("before", "text", {"text": {"body": "I like rye"}}))
        await until_ended(all_, "before")
        await all_.meta.until_taken(1)  # else this reply goes to the new number, too
        system = {"type": "user_changed_number", "wa_id": new, "body": "User Ana changed"}
        told = webhook("change", named, {"system": system})
        async with asyncio.TaskGroup() as delivering:
            for _ in range(3):
                delivering.create_task(all_.meta.deliver(told))
            await kill_both(all_)
        await until(lambda: _closed(all_))
        await all_.meta.deliver(webhook("after", "text", {"text": {"body": "as always"}}, sender=new))
        await until_ended(all_, "after")
        await all_.meta.until_taken(2)
        assert "I like rye" in json.dumps(model.requests[-1].body)
        await asyncio.sleep(max(0.0, 1.1 - time.time() % 1))  # Meta's times are whole seconds
        await all_.meta.deliver(webhook("stranger", "text", {"text": {"body": "who is this?"}}))
        await until_ended(all_, "stranger")
        assert "I like rye" not in json.dumps(model.requests[-1].body)
        await all_.meta.until_taken(3)
        assert [taken.to for taken in all_.meta.taken] == [ANA, new, ANA]
        assert set((await endings(all_)).values()) == {1}
        story = await all_.service.run("why", "wamid.after")
        assert f"the chat of {ANA} has closed into this one" in story.out


async def _closed(all_: House) -> bool:
    return any(isinstance(one.event, Joined) and one.event.whole for one in await decisions(all_))


def _event(recorded: Recorded) -> object:
    return recorded.event
