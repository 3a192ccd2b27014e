"""Get every reply that recado writes, also those from while this program was away.

    NATS_URL=nats://localhost:4222 python examples/listen.py crm

The name is the durable consumer's: start it again under the same name and it goes on where it stopped.
"""

import asyncio
import json
import os
import ssl
import sys

import nats
from nats.js.api import AckPolicy, ConsumerConfig


async def main(name: str) -> None:
    inbox = os.environ.get("NATS_INBOX_PREFIX", "_INBOX")
    ca = os.environ.get("NATS_CA")
    tls = ssl.create_default_context(cafile=ca) if ca else None
    bus = await nats.connect(os.environ["NATS_URL"], token=os.environ.get("NATS_TOKEN"), inbox_prefix=inbox, tls=tls)
    js = bus.jetstream()
    replies = await js.pull_subscribe(
        "evt.*.*.*.o.reply",
        durable=name,
        stream="EVENTS",
        config=ConsumerConfig(ack_policy=AckPolicy.EXPLICIT),
    )
    while True:
        try:
            batch = await replies.fetch(100, timeout=30)
        except TimeoutError:
            continue
        for msg in batch:
            try:
                reply = json.loads(msg.data)
                line = {"chat": reply["chat"], "text": reply["text"]}
            except (ValueError, KeyError, TypeError) as error:
                print(f"this is no reply, it is not asked for again: {error!r}", file=sys.stderr)
                await msg.term()
                continue
            print(json.dumps(line), flush=True)
            # Acknowledged after the work is done: a crash before this line brings the reply again.
            await msg.ack()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
