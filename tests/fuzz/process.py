"""The same subjects for a real `recado up` on a real nats-server, in processes of their own."""

from __future__ import annotations

import tempfile
from pathlib import Path

import nats.errors

from events.memory_log import MemoryLog
from events.subjects import ChatKey
from tests.chaos.outsider import Refused
from tests.chaos.process import recado
from tests.fuzz.files import Objects
from tests.fuzz.subjects import Subjects
from tests.fuzz.tally import Tally
from tests.fuzz.values import Values
from tests.nats_server import NatsServer
from tests.system.service import Service, fresh_chat, service_of

_EVERY = 200
_KINDS = ("in", "in", "in", "control", "receipt", "edit", "revoke")


async def fuzz_process(seed: int, inputs: int) -> str:
    """Store so many; what became of them. AssertionError if anything broke."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = NatsServer(folder)
        server.start()
        try:
            with recado(folder / "recado", command="up", NATS_URL=server.url) as process:
                await process.started()
                async with service_of(server, process) as service:
                    stored, refused = await _store(service, Values(f"{seed} process"), inputs)
                    await service.still_answers(fresh_chat())
                    await service.log.settled(patience=120.0)
                    assert service.log.wrong() == []
                assert process.runs, process.tail()
                broken = [line for line in process.lines() if line.get("level") in ("error", "critical")]
                assert broken == [], broken[:3]
                await process.is_verified()
                assert (await process.asked("/readyz"))[0] == 200
        finally:
            server.kill()
    return f"recado up: {stored:,} stored and {refused:,} refused by the server; all ended, and it lives"


async def _store(service: Service, values: Values, inputs: int) -> tuple[int, int]:
    subjects = Subjects(values, MemoryLog(), Objects(values.of("files")), Tally())
    stored = refused = 0
    recent: list[ChatKey] = []
    for number in range(inputs):
        if not recent or values.random.random() < 0.5:
            recent = [*recent[-20:], fresh_chat()]
        subject, body = subjects.made(values.random.choice(_KINDS), values.random.choice(recent))
        try:
            await service.outsider.store(subject, body)
            stored += 1
        except (Refused, nats.errors.Error):
            refused += 1
        if number % _EVERY == _EVERY - 1:
            await service.still_answers(fresh_chat())
    return stored, refused
