"""A gateway in 40 lines, with nothing but a NATS client: each line typed here is a message, replies are printed.

    NATS_URL=nats://localhost:4222 python examples/gateway.py shop
    5511999999999 What time do you open?

docs/gateways.md lists the other duties of a real gateway.
"""

import asyncio
import json
import os
import re
import sys
import uuid

import nats
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy


def token(text: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-") else f"={ord(c):02X}" for c in text)


async def take_in(js: nats.js.JetStreamContext, account: str) -> None:
    while line := await asyncio.to_thread(sys.stdin.readline):
        phone, _, text = line.strip().partition(" ")
        message = {"id": str(uuid.uuid4()), "text": text}
        chat = re.sub("[^0-9]", "", phone) + "@s.whatsapp.net"  # one name, with or without a plus
        await js.publish(f"wa.in.{token(account)}.{token(chat)}", json.dumps(message).encode())
        # The message is stored: from here on it may be acknowledged to the network.


async def send_out(js: nats.js.JetStreamContext, account: str) -> None:
    # One at a time keeps the order. Replies from before the first start are not sent.
    config = ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, deliver_policy=DeliverPolicy.NEW, max_ack_pending=1)
    name = f"gateway-{token(account).replace('=', '-')}"
    replies = await js.pull_subscribe(f"evt.*.{token(account)}.*.o.reply", durable=name, stream="EVENTS", config=config)
    print("ready", flush=True)
    while True:
        try:
            (msg,) = await replies.fetch(1, timeout=30)
        except TimeoutError:
            continue
        reply = json.loads(msg.data)
        for state in ("sending", "delivered"):
            if state == "delivered":
                print(f"{reply['chat'].partition('@')[0]} {reply['text']}", flush=True)
            receipt = {"id": f"{msg.metadata.sequence.stream}", "reply": reply["id"], "state": state}
            await js.publish(f"wa.receipt.{token(account)}.{token(reply['chat'])}", json.dumps(receipt).encode())
        await msg.ack()


async def main(account: str) -> None:
    js = (await nats.connect(os.environ["NATS_URL"], token=os.environ.get("NATS_TOKEN"))).jetstream()
    await asyncio.gather(take_in(js, account), send_out(js, account))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
