"""The smallest bot that loses nothing: one asyncio loop, aiohttp, nats-py, one SQLite table.

It keeps the promise of `obvious.py` and does nothing else: no log of decisions, no turns, no rules, no actors, no
projections. It shows the part of the network, the disk and the event loop in recado's cost and latency.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

import aiohttp
import msgspec
import nats
from nats.aio.msg import Msg

from benchmarks.bus import MODEL, SYSTEM_PROMPT, bot_streams, out_subject
from benchmarks.process import stand_by
from benchmarks.transcript import Transcript


async def main(args: argparse.Namespace) -> None:
    transcript = Transcript(args.folder / "transcript.db")
    connection = await nats.connect(args.nats)
    jetstream = connection.jetstream()
    await bot_streams(jetstream)
    url, headers = f"{args.openai}/chat/completions", {"authorization": f"Bearer {args.api_key}"}
    system = {"role": "system", "content": SYSTEM_PROMPT}
    locks: dict[str, asyncio.Lock] = {}
    running: set[asyncio.Task[None]] = set()

    async def answer(message: Msg) -> None:
        chat = message.subject.split(".")[3]
        async with locks.setdefault(chat, asyncio.Lock()):
            body = msgspec.json.decode(message.data)
            context = transcript.last(chat, args.history)
            asked = {"model": MODEL, "messages": [system, *context, {"role": "user", "content": body["text"]}]}
            async with session.post(url, data=msgspec.json.encode(asked), headers=headers) as response:
                response.raise_for_status()
                said = msgspec.json.decode(await response.read())
            text = said["choices"][0]["message"]["content"]
            reply = {"id": f"{body['id']}.r", "chat": chat, "text": text, "in_reply_to": [body["id"]]}
            transcript.add((chat, body["id"], "user", body["text"]), (chat, reply["id"], "assistant", text))
            await jetstream.publish(
                out_subject(message.subject), msgspec.json.encode(reply), headers={"Nats-Msg-Id": reply["id"]}
            )
            await message.ack()

    async def on_message(message: Msg) -> None:
        task = asyncio.create_task(answer(message))
        running.add(task)
        task.add_done_callback(running.discard)

    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=1000), headers={"content-type": "application/json"}
    ) as session:
        await jetstream.subscribe("wa.in.*.*", durable="bot", cb=on_message, manual_ack=True)
        stand_by()
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("--nats", "--openai", "--api-key"):
        parser.add_argument(name)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--history", type=int)
    asyncio.run(main(parser.parse_args()))
