"""The forms by which users share the work on a chat, over real HTTP."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

import pytest

from console import orders
from console.outcomes import SAID
from events.admission import Approved
from events.decisions import Ignored, Paused, Resumed
from events.inbound import Message
from events.teamwork import LONGEST_NOTED, Assigned, Labelled, Noted, Resolved
from tests.console.conftest import ANA, Page
from tests.console.given import AT, HTML, address, given
from tests.console.ordering import obeyed, ordered, said
from tests.console.ordering import orders as orders_of

__all__ = ["obeyed"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No instance runs, and no test is to wait for one."""
    monkeypatch.setattr(orders, "OBEYED_WITHIN", 0.2)


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ({"command": "assign", "to": "bea"}, {"to": "bea"}),
        ({"command": "assign", "to": ""}, {"to": None}),
        ({"command": "note", "text": "two\r\nlines "}, {"text": "two\nlines"}),
        ({"command": "label", "add": "VIP, new ,", "remove": "são  paulo"},
         {"add": ("VIP", "new"), "remove": ("são paulo",)}),
        ({"command": "resolve"}, {}),
        ({"command": "reopen"}, {}),
        ({"command": "snooze", "minutes": "120"}, {}),
    ],
)  # fmt: skip
async def test_each_form_is_one_order(page: Page, form: dict[str, str], fields: dict[str, Any]) -> None:
    """However often it is sent, also once the projection has it; another content under its id is refused."""
    await given(page, ANA, Message(id="a1", text="hello"))
    form = {"id": token_hex(8), **form}
    answers = await asyncio.gather(*(ordered(page, ANA, **form) for _ in range(3)))
    await page.projected()
    answers.append(await ordered(page, ANA, **form))
    assert set(answers) == {(303, address(ANA))}
    (control,) = await orders_of(page, ANA)
    assert control.command == form["command"]
    assert {name: getattr(control, name) for name in fields} == fields
    if control.command == "snooze":
        head = await page.log.head()
        assert control.until is not None
        assert timedelta(minutes=110) < control.until - head.now <= timedelta(minutes=120)
    other = {"to": "eva", "text": "other", "add": "other", "minutes": "5"}
    changed = {name: other[name] for name in ("to", "text", "add", "minutes") if form.get(name)}
    if changed:
        assert (await ordered(page, ANA, **{**form, **changed}))[0] == 409


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"command": "assign", "to": "a\x00b"}, "name"),
        ({"command": "assign", "to": "x" * 257}, "name"),
        ({"command": "note", "text": " \n "}, "empty"),
        ({"command": "note", "text": "x" * (LONGEST_NOTED + 1)}, "4,000"),
        ({"command": "label"}, "No label"),
        ({"command": "label", "add": " , ,"}, "No label"),
        ({"command": "label", "add": "x" * 41}, "no label"),
        ({"command": "label", "add": "a\u202eb"}, "no label"),
        ({"command": "label", "add": ",".join(f"l{number}" for number in range(21))}, "20 labels"),
        ({"command": "snooze"}, "minutes"),
        ({"command": "snooze", "minutes": "0"}, "minutes"),
        ({"command": "snooze", "minutes": "525601"}, "minutes"),
    ],
)
async def test_a_form_that_means_nothing_is_refused_and_said(page: Page, form: dict[str, str], told: str) -> None:
    await given(page, ANA, Message(id="a1", text="hello"))
    status, shown = await ordered(page, ANA, id=token_hex(8), **form)
    assert status == 400
    assert told in shown
    assert await orders_of(page, ANA) == []


@pytest.mark.parametrize(
    ("command", "decision", "told"),
    [
        ("assign", Assigned(to="bea", at=AT), "It is noted who has the chat."),
        ("note", Noted(id="n", text="x", at=AT), "Noted. Users alone see it."),
        ("label", Labelled(add=("x",), at=AT), "The labels are changed."),
        ("resolve", Resolved(state="resolved", at=AT), "Resolved. A message of the person opens it again."),
        ("reopen", Resolved(state="open", at=AT), "Open again."),
        ("reopen", Resolved(state="open", at=AT, unchanged=True), "Nothing changed: the chat was open already."),
        ("label", Labelled(add=("x",), at=AT, unchanged=True), "Nothing changed: the labels were like this already."),
        ("resume", Resumed(at=AT, unchanged=True), "Nothing changed: the chat was not paused."),
        ("approve", Approved(at=AT, unchanged=True), "Nothing changed: the person was approved already."),
        ("snooze", Resolved(state="snoozed", until=AT, at=AT), "Put off. It is open again at its time, or when the"),
        ("label", Ignored(messages=(), reason="too_many_labels", at=AT), "Not done: a chat has at most 20 labels."),
        ("note", Ignored(messages=(), reason="older_instance", at=AT), "Not done: an instance of an older recado"),
    ],
)
async def test_the_outcome_is_said_plainly(page: Page, obeyed: Any, command: str, decision: Any, told: str) -> None:
    from msgspec.structs import replace

    await given(page, ANA, Message(id="a1", text="hello"))
    task = await obeyed(ANA, lambda control: replace(decision, cause=control.id))
    orders.OBEYED_WITHIN = 30  # `impatient` puts it back
    form = {"command": command, "to": "bea", "text": "x", "add": "x", "minutes": "5"}
    _, shown = await ordered(page, ANA, id=token_hex(8), **form)
    await task
    assert told in (shown if isinstance(decision, Ignored) else await said(page))


async def test_a_refused_note_keeps_its_words(page: Page) -> None:
    await given(page, ANA, Message(id="a1", text="hello"))
    await page.projected()
    words = "a word " * 700
    status, shown = await ordered(page, ANA, id=token_hex(8), command="note", text=words)
    assert status == 400
    assert words.strip() in shown
    assert words.strip() not in (await page.get(address(ANA), **HTML))[1]


@pytest.mark.parametrize("until", [AT + timedelta(minutes=30), None])
async def test_writing_pauses_the_bot_and_gives_the_chat_to_nobody(page: Page, until: datetime | None) -> None:
    """List, head and outcome say so, and nothing on the page says that the chat has a human."""
    await given(
        page, ANA, Message(id="a1", text="hello"), Paused(until=until, at=AT, reason="taken_over", after="c1.r")
    )
    shown = str((await page.get(address(ANA), **HTML))[1])
    assert "<mark>a human wrote</mark>" in shown
    assert ("The bot is paused until" if until else "The bot is paused: a human wrote") in shown
    assert '<span class="soft">Nobody</span>' in shown
    assert "uman has" not in shown
    assert "yours" not in "".join(SAID.values())


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"command": "send", "text": "a word " * 10_000}, "too_long"),
        ({"command": "label", "add": "one more label"}, "too_many_labels"),
        ({"command": "note", "text": "what is only here"}, "older_instance"),
        ({"command": "note", "text": "what is only here"}, "of_a_later_version"),
    ],
)
async def test_an_order_that_the_chat_refuses_brings_its_words_back(
    page: Page, obeyed: Any, form: dict[str, str], reason: str
) -> None:
    """Without script, though it was stored: the form has the words, and another id, so that it can be pressed again."""
    await given(page, ANA, Message(id="a1", text="hello"))
    await page.projected()
    task = await obeyed(ANA, lambda one: Ignored(messages=(), reason=reason, at=AT, cause=one.id))  # type: ignore[arg-type]
    orders.OBEYED_WITHIN = 30  # `impatient` puts it back
    id_ = token_hex(8)
    status, shown = await ordered(page, ANA, id=id_, **form)
    await task
    words = form.get("text", form.get("add", "")).strip()
    assert (status, words in shown, id_ in shown) == (409, True, False)
    assert "Not done: " in shown
    assert words not in (await page.get(address(ANA), **HTML))[1]
