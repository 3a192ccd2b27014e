"""No reply stops its gateway, with any content: it goes out plainly, is cut, or is parked, and the next is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.receipts import is_settled
from events.inbound import Receipt
from events.log import EventLog
from events.memory_log import MemoryLog
from gateways.delivery.formatting import to_whatsapp
from gateways.delivery.ledger import Ledger
from gateways.delivery.sender import Outcome, Part
from gateways.delivery.splitting import LIMIT, length, shortened
from gateways.delivery.texts import LONGEST, NOTE, texts_of
from gateways.delivery.undeliverable import SET_ASIDE
from tests.calls import calls_of
from tests.gateways.replies import TOM, Phone, delivering, events, receipts, reply, say, until_noted

DEEP = {
    "emphasis": "*a " * 500 + "a*" * 500,
    "quotes": "> " * 400 + "a",
    "lists": "".join("  " * depth + "- a\n" for depth in range(200)),
    "links": "[" * 500 + "a" + "](b)" * 500,
    "strikes": "~~a " * 500 + "a~~" * 500,
}


@pytest.fixture
def log() -> EventLog:
    return MemoryLog()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.mark.parametrize("kind", DEEP)
def test_marks_within_each_other_are_sent(kind: str) -> None:
    """Each of these, or a part of it, ended the gateway at every start."""
    texts = texts_of(reply("r1", text=DEEP[kind]))
    assert "".join(texts).count("a") >= shortened(DEEP[kind], LONGEST).count("a")


MARKS = [
    "*",
    "**",
    "***a",
    "**a ",
    "__a ",
    "`",
    "` `` ",
    "```",
    "```\n",
    "~~~\n",
    "[",
    "![",
    "[`",
    "[a](",
    "](x](y)](y)",
    "<a@",
    "\\*",
    "a\\_b",
    "|",
    "|a|b|c|d|\n|-|-|-|-|\n",
    "# ",
    "http://",
    "http://*",
    "\n",
    "重**",
    "> ```\n",
]
OPEN = {
    **{mark: mark * (LONGEST // len(mark)) for mark in MARKS},
    # As many brackets as a reply may well have, and much after each of them.
    **{f"200 [ and {fill!r}": (("[" + fill * 80)[:80]) * 200 for fill in ("*a", "`]`", "\\]")},
}


@pytest.mark.parametrize("kind", OPEN)
def test_marks_without_an_end_are_not_sought_for_ever(kind: str) -> None:
    """A parser takes each of them through the rest of the text: 16,000 brackets were four seconds of the gateway's
    loop. Calls are counted, not the time: they were seven million."""
    assert _calls_for(OPEN[kind]) < 1_000_000


def _calls_for(text: str) -> int:
    """Calls that making messages of the text takes; nothing but marks is lost."""
    texts: list[str] = []
    calls = calls_of(lambda: texts.extend(texts_of(reply("r1", text=text))))
    assert sum(map(str.isalnum, "".join(texts))) >= sum(map(str.isalnum, text.replace("<br>", "")))
    return calls


def test_a_long_reply_with_many_links_is_formatted() -> None:
    line = "- **[Bakery](https://example.org/a_(b))** and *[more]* `[` of it, \\[ too\n"
    assert len(line) * 210 <= LONGEST
    assert to_whatsapp(line * 210).count("*Bakery (https://example.org/a_(b))*") == 210


def test_a_long_reply_is_cut_and_says_so() -> None:
    """A million characters were 245 messages."""
    texts = texts_of(reply("r1", text="One sentence of it. " * 50_000))
    assert len(texts) <= 6
    assert texts[-1].endswith(f"One sentence of it.\n\n{NOTE}")
    assert sum(map(length, texts)) <= LONGEST + len(NOTE) + 2


def test_a_reply_that_is_just_short_enough_is_whole() -> None:
    assert NOTE not in "".join(texts_of(reply("r1", text="x" * LONGEST)))


def test_a_cut_within_code_ends_the_code() -> None:
    texts = texts_of(reply("r1", text="```\n" + "line\n" * 10_000, author="operator"))
    assert all(text.count("```") % 2 == 0 for text in texts)
    assert texts[-1].endswith(NOTE)


@settings(max_examples=25, deadline=None)
@given(st.text("*_~`>#[]()|-\n \ta👍\0\ud800.:w/", max_size=60), st.sampled_from([1, 20, 400]))
def test_any_text_is_a_few_messages(piece: str, times: int) -> None:
    """Any character, however often repeated, makes a bounded number of messages, the same ones each time."""
    given_ = reply("r1", text=piece * times)
    texts = texts_of(given_)
    assert len(texts) <= 12
    assert all(0 < length(text) <= LIMIT for text in texts)
    assert texts == texts_of(given_)


@pytest.mark.parametrize("broken", ["format", "split"])
def test_a_defect_in_formatting_or_splitting_loses_no_word(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Any:
        raise KeyError("a defect")

    monkeypatch.setattr(f"gateways.delivery.texts.{'to_whatsapp' if broken == 'format' else 'split'}", fails)
    assert texts_of(reply("r1", text="**hello**")) == ["**hello**"]


async def test_a_reply_whose_splitting_breaks_is_parked(log: EventLog, data_dir: Path) -> None:
    """The chat goes on with its next reply, the account with its other chats."""
    phone = Phone()

    def split(reply_: Any) -> list[str]:
        if reply_.id == "bad":
            raise RecursionError("too deep")
        return [reply_.text]

    async with delivering(log, phone, data_dir, split=split):
        await say(log, "bad", "next")
        await say(log, "other", key=TOM)
        await until_noted(log, "bad parked", "next delivered", "other delivered")
    assert await receipts(log, "bad") == ["parked"]
    parked = next(r.event for r in await events(log) if isinstance(r.event, Receipt) and r.event.state == "parked")
    assert parked.error is not None
    assert parked.error.class_ == "broken"
    assert is_settled(parked.state)


@pytest.mark.parametrize(
    "defect", [RecursionError("deep"), KeyError("field"), UnicodeEncodeError("utf-8", "", 0, 1, "")]
)
async def test_a_reply_whose_sending_breaks_is_parked(log: EventLog, data_dir: Path, defect: Exception) -> None:
    """Trying again would break again; a fault of the line is a doubt as before."""
    phone = Phone()
    phone.fails["bad"] = defect
    async with delivering(log, phone, data_dir):
        await say(log, "bad", "next")
        await until_noted(log, "bad parked", "next delivered")
    assert await receipts(log, "bad") == ["sending", "parked"]
    assert phone.resolved == []


async def test_a_full_disk_parks_nothing(log: EventLog, data_dir: Path) -> None:
    """It is not the reply's fault: it is in doubt, and resolved."""
    phone = Phone(resolves_to=Outcome("delivered"))
    phone.fails["r1"] = OSError(28, "No space left on device")
    async with delivering(log, phone, data_dir):
        await say(log, "r1")
        await until_noted(log, "r1 delivered")
    assert "parked" not in await receipts(log, "r1")


@pytest.mark.parametrize("reader", ["ledger", "observer"])
async def test_an_event_that_cannot_be_taken_is_passed_over(
    log: EventLog, data_dir: Path, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger and the other observers of events go on after it; it is counted."""
    counter = SET_ASIDE.labels("local", reader)
    before = counter._value.get()
    fold = Ledger.fold

    def breaking(recorded: Any) -> None:
        if getattr(recorded.event, "id", "") == "bad":
            raise OverflowError("too large")

    def folding(ledger: Ledger, recorded: Any) -> None:
        fold(ledger, recorded)
        breaking(recorded)

    if reader == "ledger":
        monkeypatch.setattr(Ledger, "fold", folding)
    async with delivering(log, Phone(), data_dir, observe=breaking if reader == "observer" else lambda _: None):
        await say(log, "bad", "next")
        await until_noted(log, "next delivered")
    assert counter._value.get() == before + 1


async def test_a_broken_ready_is_the_replys_own(log: EventLog, data_dir: Path) -> None:
    """A check of whether a chat may be sent to breaks for that chat alone."""

    async def ready(part: Part) -> Part:
        if part.chat != TOM.chat:
            raise LookupError(part.chat)
        return part

    phone = Phone()
    async with delivering(log, phone, data_dir, ready=ready):
        await say(log, "bad")
        await say(log, "fine", key=TOM)
        await until_noted(log, "bad parked", "fine delivered")
    assert phone.shown == ["fine"]
