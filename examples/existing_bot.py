"""A typical bot: a web server that gets messages and answers them. Three lines hand the messages to recado.

    NATS_URL=nats://localhost:4222 python examples/existing_bot.py 8000
    curl -d '{"id": "m1", "from": "5511999999999", "text": "hello"}' http://localhost:8000/message

The bot keeps its own way to WhatsApp (`send` below). It no longer needs its dict of thread ids and its loop that polls
a run. The three lines are marked with +.
"""

import asyncio
import json
import os
import sys

import nats
from aiohttp import web


async def send(phone: str, text: str) -> None:
    print(f"to {phone}: {text}", flush=True)  # the bot's own way to WhatsApp


def token(text: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-") else f"={ord(c):02X}" for c in text)


async def on_reply(msg: nats.aio.msg.Msg) -> None:
    reply = json.loads(msg.data)
    await send(reply["chat"].partition("@")[0], reply["text"])


async def main(port: str) -> None:
    bus = await nats.connect(os.environ["NATS_URL"], token=os.environ.get("NATS_TOKEN"))  # +
    await bus.subscribe("wa.out.bot.*", cb=on_reply)  # +

    async def on_message(request: web.Request) -> web.Response:
        message = await request.json()
        chat = token(f"{message['from']}@s.whatsapp.net")
        body = json.dumps({"id": message["id"], "text": message["text"]}).encode()
        await bus.request(f"wa.in.bot.{chat}", body)  # + in the place of: answer = await ask_the_model(message)
        return web.Response(text="stored\n")

    app = web.Application()
    app.router.add_post("/message", on_message)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(port)).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
