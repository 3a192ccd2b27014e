"""A bot with one `.env` whose log an older release began: what is asked and answered when it goes on.

`python -m tests.system.yesterday.continued SOURCE` writes the files that the test compares with, by the release whose
source lies there. It was run with the last one before there were profiles.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.subjects import ChatKey
from tests.chaos.fleet import Fleet, fleet

HERE = Path(__file__).parent
MODES = ("chat", "responses")
CHATS = (ChatKey("local", "5511999990001@s.whatsapp.net"), ChatKey("bakery", "5511999990002@s.whatsapp.net"))
BEFORE = ("good morning", "do you have bread?")
AFTER = ("and cake?", "thanks", "bye")
ENV = {
    "AI_SYSTEM_PROMPT": "You are the voice of Padaria Sol. It is {weekday}.",
    "MAX_CONVERSATION_HISTORY": "5",
    "RECADO_DEBOUNCE": "0",
    "RECADO_TIMEZONE": "America/Sao_Paulo",
    "RECADO_STOP_WORDS": "stop",
    "RECADO_HANDOFF": "on",
    "RECADO_MAX_TOKENS_PER_CHAT_PER_DAY": "100000",
}
_VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "AT"),
    (re.compile(r"(?<=[\"_])[0-9a-f]{16,64}\b"), "ID"),
    (re.compile(r'("(?:created_at|completed_at)": )\d+(\.\d+)?'), r"\1AT"),
    (re.compile(r"\b(conv|run|resp|msg|thread)_[0-9A-Za-z]+"), r"\1_ID"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "DATE"),
    (re.compile(r"\b\d{1,2} [A-Z][a-z]{2,8} \d{4}\b"), "DATE"),
    (re.compile(r"\b\d{1,2}:\d\d\b"), "TIME"),
    (re.compile(r"\b(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b"), "DAY"),
)


async def began(folder: Path, mode: str, **source: str) -> list[dict[str, Any]]:
    """The events of some turns in each chat."""
    async with fleet(folder, "a", OPENAI_API_MODE=mode, **ENV, **source) as those:
        await those.started("a")
        await _talk(those, BEFORE, 0)
        stream = those.outsider.bus.jetstream()
        last = (await stream.stream_info("EVENTS")).state.last_seq
        stored = [await stream.get_msg("EVENTS", seq) for seq in range(1, last + 1)]
        return [
            {"subject": one.subject, "headers": one.headers or {}, "body": (one.data or b"").decode()} for one in stored
        ]


async def continued(folder: Path, mode: str, events: list[dict[str, Any]], **source: str) -> dict[str, list[str]]:
    """The requests and the replies when the bot goes on after these events, without what is different each time."""
    async with fleet(folder, "a", OPENAI_API_MODE=mode, **ENV, **source) as those:
        bus = await Bus.open(those.url)
        log = await JetStreamLog.open(bus)  # makes the streams
        await log.close()
        await bus.close()
        for event in events:
            await _store(those, **event)
        await those.started("a")
        await _talk(those, AFTER, len(BEFORE))
        requests = [_plain(f"{one.path} {json.dumps(one.body, sort_keys=True)}") for one in those.model.requests]
        requests += [_plain(json.dumps(one)) for one in those.model.responses.state().values()]
        replies = [_plain(json.dumps(reply, sort_keys=True)) for reply in those.outsider.replies]
        return {"requests": requests, "replies": replies[-len(AFTER) * len(CHATS) :]}


async def _store(those: Fleet, subject: str, headers: dict[str, str], body: str) -> None:
    _, _, account, chat, side, type_ = subject.split(".")
    place = f"wa.{type_}.{account}.{chat}" if side == "i" else subject
    kept = {name: value for name, value in headers.items() if not name.startswith("Nats-Expected")}
    await those.outsider.bus.jetstream().publish(place, body.encode(), headers=kept)


async def _talk(those: Fleet, texts: tuple[str, ...], first: int) -> None:
    for number, text in enumerate(texts, first):
        for key in CHATS:
            await those.answered(key, f"m{number}", text)


def _plain(text: str) -> str:
    for pattern, instead in _VARYING:
        text = pattern.sub(instead, text)
    return text


async def main() -> None:
    for mode in MODES:
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            events = await began(Path(one), mode, PYTHONPATH=sys.argv[1])
            found = await continued(Path(other), mode, events, PYTHONPATH=sys.argv[1])
        (HERE / f"{mode}.events.json").write_text(json.dumps(events, indent=1) + "\n")
        (HERE / f"{mode}.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
