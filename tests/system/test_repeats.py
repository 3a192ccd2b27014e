"""An id that was seen before: counted, shown, and never answered again, however old it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.chaos.process import recado
from tests.nats_server import NatsServer
from tests.system.service import Service, fresh_chat, service_of


async def test_a_repeat_at_once(service: Service) -> None:
    """A gateway that tries again with its message id: the server knows it, nothing is stored twice."""
    key = fresh_chat()
    first = await service.outsider.write(key, "m1")
    assert await service.outsider.write(key, "m1") == first
    await service.log.ended(key, "m1")
    await service.still_answers(key)
    assert [recorded.event.id for recorded in service.of(key) if recorded.type == "in"][0:2] != ["m1", "m1"]


async def test_a_repeat_past_the_window_of_the_server(service: Service) -> None:
    """Stored again, because the server has forgotten the id; it gets no ending of its own, with any text, and
    `recado why` counts it."""
    key = fresh_chat()
    id_ = f"{key.chat}-m1"
    await service.outsider.write(key, id_, "hello", header=False)
    ending = await service.log.ended(key, id_)
    eight_days_later = (datetime.now(UTC) + timedelta(days=8)).isoformat()
    await service.outsider.write(key, id_, "hello", header=False)
    await service.outsider.write(key, id_, "", header=False)
    last = await service.outsider.write(key, id_, "hello again", header=False, at=eight_days_later)
    await service.still_answers(key)
    assert await service.log.ended(key, id_) == ending
    known = await service.why(id_)
    assert (known["entry"]["repeats"], known["entry"]["repeat_seq"]) == (3, last)


async def test_a_repeat_while_the_first_one_waits(service: Service) -> None:
    """Both arrive within one burst: one turn, one mention."""
    key = fresh_chat()
    await service.outsider.write(key, "slow", "!sleep 0.3")
    await service.outsider.write(key, "m1", "hello", header=False)
    await service.outsider.write(key, "m1", "hello", header=False)
    ending = await service.log.ended(key, "m1")
    assert ending.event.in_reply_to.count("m1") == 1
    await service.still_answers(key)


async def test_the_same_id_in_another_chat(service: Service) -> None:
    """It is another message."""
    for key in (fresh_chat(), fresh_chat()):
        await service.outsider.write(key, "m1")
        assert (await service.log.ended(key, "m1")).type == "reply"


async def test_an_order_that_comes_twice(service: Service) -> None:
    """It is obeyed once."""
    key = fresh_chat()
    await service.outsider.order(key, "c1", "send", text="by hand")
    await service.log.seen("reply", key=key)
    await service.outsider.order(key, "c1", "send", text="by hand")
    await service.still_answers(key)
    assert [recorded.event.author for recorded in service.of(key) if recorded.type == "reply"][:2] == [
        "operator",
        "assistant",
    ]


async def test_a_repeat_of_before_a_restart(tmp_path: Path) -> None:
    """Neither a restart nor a projection rebuilt from nothing forgets an id."""
    server = NatsServer(tmp_path)
    server.start()
    try:
        with recado(tmp_path / "recado", NATS_URL=server.url) as process:
            await process.started()
            async with service_of(server, process) as service:
                key = fresh_chat()
                await service.outsider.write(key, "m1", header=False)
                await service.log.ended(key, "m1")
                process.kill()
                for file in process.data.glob("projection*"):
                    file.unlink()
                await service.outsider.write(key, "m1", header=False)
                await process.started()
                await service.outsider.write(key, "m1", header=False)
                await service.still_answers(key)
                assert (await service.why("m1"))["entry"]["repeats"] == 2
                assert service.log.wrong() == []
                await process.is_verified()
    finally:
        server.kill()
