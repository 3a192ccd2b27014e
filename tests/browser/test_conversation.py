"""The page's own fold: whatever part of a chat comes from the history, the events make the same conversation of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from events.jetstream.connection import Bus
from events.subjects import ChatKey, inbound_subject
from tests.browser.phone import Phone
from tests.browser.test_page import ANA
from tests.chaos.process import Recado, recado

pytestmark = pytest.mark.browser

FOLDED_IN_ALL_WAYS = """async ([chat, last]) => {
    const { Conversation } = await import("/static/conversation.js");
    const path = `/api/chats/${encodeURIComponent(chat)}`;
    const { entries } = await (await fetch(`${path}/history`)).json();
    const events = await new Promise((resolve) => {
        const all = [], source = new EventSource(`${path}/stream?after=0`);
        source.addEventListener("event", (message) => {
            all.push(message.data);
            if (JSON.parse(message.data).type === last) { source.close(); resolve(all); }
        });
    });
    const seen = (conversation) => JSON.stringify({
        lines: [...conversation.lines.values()].filter((line) => line.author !== "note").sort((a, b) => a.seq - b.seq)
            .map(({ id, seq, author, text, tick, receipt, ended, turn, repeats }) =>
                ({ id, seq, author, text, tick, receipt, ended, turn, repeats })),
        turn: conversation.turn,
        groups: [...conversation.groups.values()].map(({ key, state, events }) =>
            [key, state, events.map(({ seq }) => seq)]),
    });
    const ways = [];
    for (let split = 0; split <= events.length; split += 1) {
        const conversation = new Conversation(chat);
        events.slice(0, split).forEach((event) => conversation.fold(JSON.parse(event)));
        conversation.addHistory(entries);
        // A stream that resumed too early: what was seen before changes nothing.
        events.forEach((event) => conversation.fold(JSON.parse(event)));
        ways.push(seen(conversation));
    }
    return { ways, events: events.map((event) => JSON.parse(event).type) };
}"""


AT_ONCE = """(texts) => {
    for (const text of texts) {
        document.querySelector("#text").value = text;
        document.querySelector("#composer").requestSubmit();
    }
}"""
"""A burst that no slow machine pulls apart."""


async def came_again(up: Recado, id_: str) -> None:
    """A gateway without message ids of its own brings a message once more."""
    address = up.embedded_bus()
    bus = await Bus.open(address.url, token=address.token)
    await bus.publish(inbound_subject(ChatKey("local", ANA), "in"), json.dumps({"id": id_, "text": "one"}).encode())
    await bus.close()


@pytest.mark.slow("three turns, each after two seconds of quiet")
async def test_history_and_events_agree(tmp_path: Path, window: Page) -> None:
    """Answered, failed, a burst, a repeat, ignored, with receipts: one conversation, whatever is known first."""
    with recado(tmp_path / "recado", command="up", RECADO_DEBOUNCE="2") as up:
        await up.started()
        phone = Phone(window)
        await phone.open((await up.said("started"))["page"])
        await phone.write("one")
        await phone.answered("one", "echo: one")
        await phone.write("!fail refused")
        await expect(phone.replied("Sorry")).to_have_attribute("data-receipt", "read")
        await window.evaluate(AT_ONCE, ["two", "three"])
        await expect(phone.replied("echo: two | three")).to_have_attribute("data-receipt", "read")
        first = await phone.mine.first.get_attribute("data-id")
        await came_again(up, str(first))
        await expect(phone.said("one")).to_contain_text("came 2 times")
        await up.run("pause", ANA)
        await phone.write("four")
        await expect(phone.said("four").locator(".ended")).to_be_visible()
        await up.run("resume", ANA)
        await expect(phone.window.locator(".note")).to_have_count(2)
        folded = await window.evaluate(FOLDED_IN_ALL_WAYS, [ANA, "resumed"])
    assert {"in", "turn_started", "reply", "turn_failed", "ignored", "receipt", "paused"} <= set(folded["events"])
    assert len(folded["ways"]) == len(folded["events"]) + 1
    assert len(set(folded["ways"])) == 1
