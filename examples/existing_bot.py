"""A bot with its own way to WhatsApp: a web server that gets messages. recado answers them in the place of its model.

    NATS_URL=nats://localhost:4222 python examples/existing_bot.py 8000
    curl -d '{"id": "m1", "from": "+55 11 99999-9999", "text": "hello"}' http://localhost:8000/message

It can be killed at any moment: every reply is sent once, or is named as doubtful (`parked`) and not sent again. Run one
of it for an account. Keep your own `send`; the rest goes beside your web server's code.
"""

import asyncio
import json
import os
import re
import sys
from secrets import token_hex
from typing import Any

import nats
from aiohttp import web
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

ACCOUNT = "bot"
SEND_WITHIN = 30


class RefusedError(Exception):
    """WhatsApp has refused the message: it was certainly not sent."""


async def send(phone: str, text: str) -> str:
    print(f"to {phone}: {text}", flush=True)  # the bot's own way to WhatsApp; it raises RefusedError(the reason)
    return f"wamid.{token_hex(8)}"  # WhatsApp's id of the message


def message_of(message: dict[str, str]) -> tuple[str, bytes]:
    """Its subject and its bytes. A chat has one name, however its number is written."""
    id_, number, text = message["id"], re.sub(r"[+ ().-]", "", message["from"]), message["text"]
    if not re.fullmatch(r"[1-9][0-9]{6,14}", number, re.ASCII):
        raise ValueError(f"{message['from']!r} is not a phone number with its country code")
    if not (isinstance(id_, str) and 1 <= len(id_) <= 256 and isinstance(text, str)):
        raise ValueError("id and text are texts, the id of 1 to 256 characters")
    return f"wa.in.{ACCOUNT}.{token(f'{number}@s.whatsapp.net')}", json.dumps({"id": id_, "text": text}).encode()


def token(text: str) -> str:
    return re.sub(rb"[^A-Za-z0-9_-]", lambda byte: b"=%02X" % byte[0][0], text.encode()).decode()


class Replies:
    """Sends every reply of the account once, each chat's in order. The receipts in the log are its only memory."""

    def __init__(self, bus: nats.NATS) -> None:
        self.js = bus.jetstream()

    async def open(self) -> None:
        subject, durable = f"evt.*.{ACCOUNT}.*.o.reply", "existing-bot"
        config = ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, deliver_policy=DeliverPolicy.NEW, ack_wait=600)
        self.replies = await self.js.pull_subscribe(subject, durable=durable, stream="EVENTS", config=config)
        # Replies that the last run left open come again now, before all later ones (nats-server 2.14 or newer).
        await self.js.reset_consumer("EVENTS", durable)

    async def follow(self) -> None:
        chats: dict[str, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as tasks:
            while True:
                try:
                    batch = await self.replies.fetch(100, timeout=30)
                except (TimeoutError, nats.errors.Error):
                    continue
                chats = {chat: task for chat, task in chats.items() if not task.done()}
                for msg in batch:
                    chat = msg.subject.split(".")[3]
                    chats[chat] = tasks.create_task(self.in_turn(chats.get(chat), msg))

    async def in_turn(self, before: asyncio.Task[None] | None, msg: nats.aio.msg.Msg) -> None:
        if before is not None:
            await before
        reply, claim, outcome = json.loads(msg.data), token_hex(8), None
        while True:
            try:
                told = await self.receipts(msg, reply)
                if not told:
                    await self.write(reply, claim, state="sending")
                    told = await self.receipts(msg, reply)
                if told[0]["id"] == claim:  # the first claim in the log is ours: we alone may send
                    outcome = outcome or await attempt(reply)
                elif all(receipt["state"] == "sending" for receipt in told):  # a run before us was killed in the middle
                    outcome = {"state": "parked", "error": {"class": "in_doubt", "detail": "killed while it was sent"}}
                if outcome is not None:
                    await self.write(reply, f"{claim}.end", **outcome)
                return await msg.ack()
            except (TimeoutError, nats.errors.Error) as error:
                print(f"the bus does not answer and is asked again: {error!r}", file=sys.stderr)
                await asyncio.sleep(1)

    async def receipts(self, msg: nats.aio.msg.Msg, reply: dict[str, Any]) -> list[dict[str, Any]]:
        """The reply's receipts in the log, in its order."""
        found, seq, subject = [], msg.metadata.sequence.stream, msg.subject.replace(".o.reply", ".i.receipt")
        while True:
            try:
                receipt = await self.js.get_msg("EVENTS", seq, subject=subject, next=True)
            except nats.js.errors.NotFoundError:
                return [one for one in found if one["reply"] == reply["id"]]
            found.append(json.loads(receipt.data))
            seq = receipt.seq + 1

    async def write(self, reply: dict[str, Any], id_: str, **fields: Any) -> None:
        body = json.dumps({"id": id_, "reply": reply["id"], **fields}).encode()
        await self.js.publish(f"wa.receipt.{ACCOUNT}.{token(reply['chat'])}", body)


async def attempt(reply: dict[str, Any]) -> dict[str, Any]:
    """Send the reply; the fields of the receipt that says how it ended."""
    try:
        async with asyncio.timeout(SEND_WITHIN):
            return {"state": "accepted", "provider_id": await send(reply["chat"].partition("@")[0], reply["text"])}
    except RefusedError as refused:
        return {"state": "failed", "error": {"class": "refused", "detail": str(refused)}}
    except Exception as error:  # noqa: BLE001 - it may have been sent all the same, so it is not sent again
        return {"state": "parked", "error": {"class": "in_doubt", "detail": repr(error)}}


async def main(port: str) -> None:
    bus = await nats.connect(os.environ["NATS_URL"], token=os.environ.get("NATS_TOKEN"), max_reconnect_attempts=-1)
    replies = Replies(bus)
    await replies.open()

    async def on_message(request: web.Request) -> web.Response:
        try:
            subject, body = message_of(await request.json())
            await replies.js.publish(subject, body)  # in the place of: answer = await ask_the_model(message)
        except (ValueError, KeyError, TypeError) as error:
            return web.Response(status=400, text=f"not stored: {error!r}\n")
        except (TimeoutError, nats.errors.Error) as error:
            return web.Response(status=503, text=f"not stored, send it again: {error!r}\n")
        return web.Response(text="stored\n")

    app = web.Application()
    app.router.add_post("/message", on_message)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(port)).start()
    print("ready", flush=True)
    await replies.follow()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
