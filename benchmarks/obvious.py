"""The obvious first bot: an actor with a thread for each chat, and OpenAI's client as its README shows it.

Incoming messages stay unacknowledged in JetStream until the reply is stored there, so it loses nothing either. It has
no turns, no debounce, no adoption of running turns, no order across restarts, and nothing to rebuild from.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import nats
import openai
import pykka
from nats.aio.msg import Msg

from benchmarks.bus import MODEL, SYSTEM_PROMPT, bot_streams, out_subject
from benchmarks.process import stand_by
from benchmarks.transcript import Transcript


class Bot:
    """The parts that all actors share."""

    def __init__(self, client: openai.OpenAI, transcript: Transcript, history: int) -> None:
        self.client = client
        self.transcript = transcript
        self.lock = threading.Lock()
        self.history = history
        self.loop = asyncio.get_running_loop()
        self.jetstream: Any = None


class ChatActor(pykka.ThreadingActor):
    use_daemon_thread = True

    def __init__(self, bot: Bot, chat: str) -> None:
        super().__init__()
        self.bot = bot
        self.chat = chat

    def on_receive(self, message: Msg) -> None:
        bot = self.bot
        body = json.loads(message.data)
        with bot.lock:
            bot.transcript.add((self.chat, body["id"], "user", body["text"]))
            context = bot.transcript.last(self.chat, bot.history + 1)
        completion = bot.client.chat.completions.create(
            model=MODEL, messages=[{"role": "system", "content": SYSTEM_PROMPT}, *context]
        )
        text = completion.choices[0].message.content or ""
        reply = {"id": f"{body['id']}.r", "chat": self.chat, "text": text, "in_reply_to": [body["id"]]}
        with bot.lock:
            bot.transcript.add((self.chat, reply["id"], "assistant", text))
        self.on_loop(
            bot.jetstream.publish(
                out_subject(message.subject), json.dumps(reply).encode(), headers={"Nats-Msg-Id": reply["id"]}
            )
        )
        self.on_loop(message.ack())

    def on_loop(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.bot.loop).result()


async def main(args: argparse.Namespace) -> None:
    client = openai.OpenAI(api_key=args.api_key, base_url=args.openai)
    bot = Bot(client, Transcript(args.folder / "transcript.db"), args.history)
    connection = await nats.connect(args.nats)
    bot.jetstream = connection.jetstream()
    await bot_streams(bot.jetstream)
    actors: dict[str, pykka.ActorRef[ChatActor]] = {}

    async def on_message(message: Msg) -> None:
        chat = message.subject.split(".")[3]
        if chat not in actors:
            actors[chat] = ChatActor.start(bot, chat)
        actors[chat].tell(message)

    await bot.jetstream.subscribe("wa.in.*.*", durable="bot", cb=on_message, manual_ack=True)
    stand_by()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("--nats", "--openai", "--api-key"):
        parser.add_argument(name)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--history", type=int)
    asyncio.run(main(parser.parse_args()))
