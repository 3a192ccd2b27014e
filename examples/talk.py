"""Send one message into recado and wait for the reply, with nothing but a NATS client.

    NATS_URL=nats://localhost:4222 python examples/talk.py 5511999999999 "What time do you open?"

Any language with a NATS client can do the same: publish JSON to wa.in.<account>.<chat>, subscribe to
wa.out.<account>.<chat>. In a subject every byte outside A-Z a-z 0-9 _ - is written =XX.
"""

import asyncio
import json
import os
import re
import ssl
import sys
import uuid

import nats


def token(text: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-") else f"={ord(c):02X}" for c in text)


async def main(phone: str, text: str) -> None:
    number = re.sub("[^0-9]", "", phone)  # a chat has one name, however its number is written
    account, chat = token(os.environ.get("RECADO_ACCOUNT", "local")), token(f"{number}@s.whatsapp.net")
    inbox = os.environ.get("NATS_INBOX_PREFIX", "_INBOX")
    ca = os.environ.get("NATS_CA")
    tls = ssl.create_default_context(cafile=ca) if ca else None
    bus = await nats.connect(os.environ["NATS_URL"], token=os.environ.get("NATS_TOKEN"), inbox_prefix=inbox, tls=tls)
    replies = await bus.subscribe(f"wa.out.{account}.{chat}")
    message = {"id": str(uuid.uuid4()), "text": text}
    # The answer to this request means that the message is stored.
    await bus.request(f"wa.in.{account}.{chat}", json.dumps(message).encode(), timeout=5)
    async for msg in replies.messages:
        reply = json.loads(msg.data)
        # An apology for a turn that failed names no message, and its author is "system".
        if message["id"] in reply["in_reply_to"] or reply["author"] == "system":
            print(reply["text"])
            break
    await bus.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
