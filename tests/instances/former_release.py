"""A data folder and a `.env` of the release before profiles, and what that release said to the model next.

`python -m tests.instances.former_release SOURCE` makes both again, by the source of that release: `data.tar.xz` after
three turns, and `requests.json`.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from tests.doubles.moment import without_moment
from tests.doubles.openai_server import API_KEY, OpenAIDouble
from tests.recado.command import Command

HERE = Path(__file__).parent / "before_profiles"
DATA, REQUESTS = HERE / "data.tar.xz", HERE / "requests.json"
ANA, BIA = "5511999990001", "5511999990002"

_ENV = """
OPENAI_API_KEY={key}
OPENAI_BASE_URL={url}
OPENAI_API_MODE=responses
OPENAI_MODEL=gpt-6-luna
AI_SYSTEM_PROMPT="You work for a bakery in Porto Alegre."
MAX_CONVERSATION_HISTORY=4
RECADO_DATA=data
RECADO_PORT=0
RECADO_DEBOUNCE=0
RECADO_HANDOFF=on
RECADO_TIMEZONE=America/Sao_Paulo
"""
_OURS = re.compile(r"\b[0-9a-f]{16,64}\b")


async def begun(home: Path, double: OpenAIDouble, **variables: str) -> None:
    """Three turns of a chat, in a data folder that is made for them."""
    await _talk(home, double, [(ANA, "Do you have rye bread?"), (ANA, "Is it fresh?"), (BIA, "Hi")], **variables)


async def gone_on(home: Path, double: OpenAIDouble, **variables: str) -> list[Any]:
    """The requests and the replies of further turns in the data folder: in the threads of the chats, in a new one, and
    in another mode. Ids of recado's own and times are taken out."""
    for items in json.loads((home / "data" / "threads.json").read_text()):
        double.responses.conversations.create({}).items.extend(items)
    said = [(ANA, "And on Sundays?"), ("5511999990003", "Good morning")]
    replies = await _talk(home, double, said, **variables)
    replies += await _talk(home, double, [(ANA, "How much is it?")], OPENAI_API_MODE="chat", **variables)
    asked = [*double.responses.requests, *double.requests]
    told = [[request.path, json.loads(_plain(json.dumps(request.body, ensure_ascii=False)))] for request in asked]
    return [replies, _without_moments(told)]


def unpacked(home: Path) -> Path:
    with tarfile.open(DATA) as packed:
        packed.extractall(home, filter="data")
    return home


async def _talk(home: Path, double: OpenAIDouble, said: list[tuple[str, str]], **variables: str) -> list[str]:
    """Start recado, say these, and stop it; the replies."""
    (home / ".env").write_text(_ENV.format(key=API_KEY, url=double.base_url))
    recado = Command(home, **variables)
    process = await recado.start("up")
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            while b"taking_work" not in (line := await process.stderr.readline()):
                assert line, "recado ended"
        drain = asyncio.create_task(process.stderr.read())
        replies = []
        for person, text in said:
            done = await recado("say", person, text)
            assert done.code == 0, done.err
            replies.append(done.out)
        process.send_signal(signal.SIGTERM)
        await process.wait()
        await drain
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return replies


def _plain(text: str) -> str:
    return _OURS.sub("ID", text)


def _without_moments(value: Any) -> Any:
    if isinstance(value, str):
        return without_moment(value)
    if isinstance(value, dict):
        return {name: _without_moments(one) for name, one in value.items()}
    return [_without_moments(one) for one in value] if isinstance(value, list) else value


def _kept(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """The file as it is packed; None: it is of the machine or of the process."""
    if member.name in {f"data/{name}" for name in ("nats-server.log", "nats.pid", "nats.json")}:
        return None
    member.uname = member.gname = ""
    return member


async def _make(source: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        async with OpenAIDouble() as double:
            await begun(home, double, PYTHONPATH=source)
            threads = [one.items for one in double.responses.conversations.all.values()]
            (home / "data" / "threads.json").write_text(json.dumps(threads))
        with tarfile.open(DATA, "w:xz") as packed:
            packed.add(home / "data", "data", filter=_kept)
        async with OpenAIDouble() as double:
            found = await gone_on(home, double, PYTHONPATH=source)
    REQUESTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    asyncio.run(_make(sys.argv[1]))
