"""Programs that know nothing of recado but its subjects, and the examples that people copy."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import Any

import nats
import pytest
from nats.js.api import AckPolicy, ConsumerConfig

from events.subjects import token
from tests.system.service import Service, fresh_chat

EXAMPLES = Path(__file__).parents[2] / "examples"
LONGEST_LINE = 16 * 1024 * 1024
"""Bytes: other tests have large replies written."""

RUNTIMES = ["python", *(["node"] if shutil.which("node") and shutil.which("npm") else [])]


async def test_json_in_json_out(service: Service) -> None:
    """A raw NATS client publishes to `wa.in` and hears the reply on `wa.out`, with the fields that are promised."""
    key = fresh_chat()
    bus = await nats.connect(service.server.url)
    replies = await bus.subscribe(f"wa.out.{token(key.account)}.{token(key.chat)}")
    await bus.publish(f"wa.in.{token(key.account)}.{token(key.chat)}", b'{"id": "m1", "text": "hello"}')
    reply = json.loads((await replies.next_msg(timeout=60)).data)
    await bus.close()
    promised = {"id", "turn", "chat", "account", "text", "in_reply_to", "author", "about", "backend", "model", "thread"}
    assert promised | {"run", "usage", "at"} <= reply.keys()
    assert (reply["account"], reply["chat"], reply["text"]) == (key.account, key.chat, "echo: hello")
    assert (reply["in_reply_to"], reply["author"]) == (["m1"], "assistant")


async def test_a_durable_consumer_misses_nothing(service: Service) -> None:
    """Replies that were written while it was away are there when it comes back, in order."""
    key = fresh_chat()
    js = service.outsider.bus.jetstream()
    subject = f"evt.*.*.{token(key.chat)}.o.reply"
    config = ConsumerConfig(ack_policy=AckPolicy.EXPLICIT)
    consumer = await js.pull_subscribe(subject, durable=f"crm-{token_hex(4)}", stream="EVENTS", config=config)
    name = (await consumer.consumer_info()).name
    await consumer.unsubscribe()
    for number in range(5):
        await service.outsider.write(key, f"m{number}", f"{number}")
        await service.log.ended(key, f"m{number}")
    consumer = await js.pull_subscribe_bind(durable=name, stream="EVENTS")
    came = [json.loads(message.data)["text"] for message in await consumer.fetch(5, timeout=60)]
    assert came == [f"echo: {number}" for number in range(5)]
    await js.delete_consumer("EVENTS", name)


@pytest.mark.parametrize("form", ["{}", "+{}", "+55 ({})"])
async def test_the_example_that_talks(form: str, service: Service) -> None:
    """examples/talk.py prints the reply, however the number is written."""
    phone = form.format(fresh_chat().chat.partition("@")[0])
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        EXAMPLES / "talk.py",
        *(phone, "What time do you open?"),
        stdout=subprocess.PIPE,
        env={**os.environ, "NATS_URL": service.server.url},
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, out.decode()) == (0, "echo: What time do you open?\n")


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The examples in a folder of their own, with what they need from npm."""
    folder = tmp_path_factory.mktemp("examples") / "examples"
    shutil.copytree(EXAMPLES, folder, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    if "node" in RUNTIMES:
        subprocess.run(["npm", "install", "--no-audit", "--no-fund"], cwd=folder, check=True)
    return folder


@asynccontextmanager
async def listening(runtime: str, examples: Path, url: str, name: str) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """The example that listens, running; gives what it prints."""
    program = [sys.executable, "listen.py"] if runtime == "python" else ["node", "listen.mjs"]
    process = await asyncio.create_subprocess_exec(
        *(*program, name), cwd=examples, stdout=subprocess.PIPE, env={**os.environ, "NATS_URL": url}, limit=LONGEST_LINE
    )
    assert process.stdout is not None
    lines = process.stdout

    async def printed() -> AsyncIterator[dict[str, Any]]:
        while line := await asyncio.wait_for(lines.readline(), 60):
            yield json.loads(line)

    try:
        yield printed()
    finally:
        process.kill()
        await process.wait()


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_the_example_that_listens(service: Service, examples: Path, runtime: str) -> None:
    """It prints every reply, also those that were written while it did not run."""
    key, name = fresh_chat(), f"crm-{token_hex(4)}"

    async def heard(text: str) -> None:
        async with listening(runtime, examples, service.server.url, name) as replies:
            async for reply in replies:
                if reply == {"chat": key.chat, "text": text}:
                    return
        raise AssertionError(f"it ended before it printed {text}")

    await service.outsider.write(key, "m1", "one")
    await heard("echo: one")
    await service.outsider.write(key, "m2", "two")
    await service.log.ended(key, "m2")
    await heard("echo: two")


@asynccontextmanager
async def serving(program: str, folder: Path, url: str) -> AsyncIterator[None]:
    """The example in Node that is a service, running, and found by the instance."""
    process = await asyncio.create_subprocess_exec(
        "node", program, cwd=folder, stdout=subprocess.PIPE, env={**os.environ, "NATS_URL": url}
    )
    try:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 60), "it ended"
        yield
    finally:
        process.kill()
        await process.wait()


if "node" in RUNTIMES:

    @pytest.mark.slow("installs what the examples in Node need, and waits until an instance has found the service")
    async def test_the_example_of_a_service_that_asks(service: Service, examples: Path) -> None:
        """examples/menu.mjs sends the menu, asks for a size, and gets the id of the one that the person taps."""
        key = fresh_chat()
        async with serving("menu.mjs", examples, service.server.url):
            for number in count(1):  # the instance looks for services every five seconds
                await service.outsider.write(key, f"a{number}", '!tool ask_size {"bread": "rye"}')
                asked: Any = (await service.log.ended(key, f"a{number}")).event
                if isinstance(asked.parts, tuple):
                    break
                assert number < 60, asked
                await asyncio.sleep(0.5)
            (question,) = asked.parts
            assert [option.id for option in question.choices] == ["small", "large"]
            large = {"id": "large", "title": "Large, 1 kg"}
            words = '!tool reserve {"bread": "rye"}'
            await service.outsider.write(key, "m2", words, kind="button", choice=large)
            kept: Any = (await service.log.ended(key, "m2")).event
            assert "Large, 1 kg of rye put aside for" in kept.text
            await service.outsider.write(key, "m3", "!tool menu")
            sent: Any = (await service.log.ended(key, "m3")).event
            assert [part.kind for part in sent.parts] == ["document", "text"]
