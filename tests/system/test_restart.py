"""Stopped any way one likes and started again: conversations, threads and unanswered messages are there."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from events.subjects import ChatKey
from tests.chaos.log_watch import watching
from tests.chaos.outsider import ANA, BOB, outsider
from tests.chaos.process import Recado, asks, recado
from tests.chaos.stage import stage
from tests.doubles.openai_server import OpenAIDouble
from tests.waiting import until


async def shown(process: Recado, *command: str) -> list[dict[str, Any]]:
    """What a reading command prints."""
    said = await process.run(*command, "--json")
    assert said.code == 0, said
    found: list[dict[str, Any]] = json.loads(said.out)
    return found


async def says(process: Recado, key: ChatKey, texts: list[str]) -> bool:
    """Whether `recado history` shows these; the projection is written some time after the log."""
    return [entry["text"] for entry in await shown(process, "history", key.chat)] == texts


@pytest.mark.slow("a stop waits 5 s for a run that hangs")
@pytest.mark.parametrize("way", ["Ctrl-C", "SIGTERM", "SIGKILL"])
async def test_nothing_is_gone_after(tmp_path: Path, way: str) -> None:
    """One chat was answered, another one's run is under way, a third message comes while no instance runs: history and
    threads are unchanged, and every message gets its answer."""
    async with OpenAIDouble() as model:
        with recado(tmp_path, command="up", **asks(model)) as process:
            await process.started()
            bus = process.embedded_bus()
            async with watching(bus.url, bus.token) as log, outsider(bus.url, bus.token) as someone:
                await someone.write(ANA, "m1", "good morning")
                await log.ended(ANA, "m1")
                model.fail("hang")
                await someone.write(BOB, "m2", "are you open?")
                await model.until(lambda requests: len(requests) == 2)
                await log.seen("thread_created", key=BOB)
                said = ["good morning", "reply to: good morning"]
                await until(lambda: says(process, ANA, said))
                threads = await shown(process, "threads")
                if way == "SIGKILL":
                    process.kill()
                    await someone.write(ANA, "m3", "hello?")
                else:
                    assert await process.stop(signal.SIGINT if way == "Ctrl-C" else signal.SIGTERM) == 0
                await process.started()
                if way != "SIGKILL":
                    await someone.stored("in", ANA, b'{"id": "m3", "text": "hello?"}')
                assert process.embedded_bus() == bus
                await log.ended(BOB, "m2")
                await log.ended(ANA, "m3")
                await log.settled()
                assert log.wrong() == []
                await until(lambda: says(process, ANA, [*said, "hello?", "reply to: hello?"]))
                assert [t["thread"] for t in await shown(process, "threads")] == [t["thread"] for t in threads]
                await process.is_verified()


async def test_a_run_that_ends_in_time_is_waited_for(tmp_path: Path) -> None:
    """SIGTERM comes while the model writes: the reply is stored, later messages wait, and the exit status is 0."""
    async with stage(tmp_path) as on:
        await on.recado.started()
        with on.model.holding():
            await on.outsider.write(ANA, "m1")
            await on.asked(1)
            await on.outsider.write(ANA, "m2")
            stopping = asyncio.create_task(on.recado.stop())
            await on.recado.said("partitions_let_go")  # until then it begins turns
        assert await stopping == 0
        await on.log.ended(ANA, "m1")
        assert on.log.decided() == ["turn_started", "thread_created", "reply"]
        await on.recado.started()
        await on.log.ended(ANA, "m2")
        await on.kept_its_promises()
        assert "turn_adopted" not in on.log.decided()


async def test_the_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    """A person without patience presses Ctrl-C again; the turn is adopted at the next start."""
    async with stage(tmp_path) as on:
        on.model.fail("hang")
        await on.recado.started()
        await on.outsider.write(ANA, "m1")
        await on.asked(1)
        on.recado.interrupt()
        await on.recado.said("stopping")
        assert await on.recado.stop(signal.SIGINT) != 0
        await on.recado.started()
        await on.log.ended(ANA, "m1")
        await on.kept_its_promises()


async def test_a_server_that_outlived_recado_is_taken_over(tmp_path: Path) -> None:
    """kill -9 leaves the embedded server running: the next start finds it, and the messages that it took meanwhile."""
    with recado(tmp_path, command="up") as process:
        await process.started()
        bus = process.embedded_bus()
        async with watching(bus.url, bus.token) as log, outsider(bus.url, bus.token) as someone:
            process.kill()
            await someone.write(ANA, "m1")
            await process.started()
            await process.said("embedded.adopted")
            await log.ended(ANA, "m1")
            assert log.wrong() == []
        assert await process.stop() == 0
    assert not process.server_lives


async def test_a_second_one_on_the_same_data_is_told_who_holds_it(tmp_path: Path) -> None:
    """It ends with an error that names the process; the first one does not notice."""
    with recado(tmp_path, command="up") as process:
        await process.started()
        second = await process.run("up")
        assert second.code == 1
        assert f"is held by process {process.pid}" in second.err
        assert "RECADO_DATA" in second.err
        assert "Traceback" not in second.err
        said = await process.run("say", ANA.chat, "hello")
        assert (said.code, said.out) == (0, "echo: hello\n")


async def test_no_instance_runs(tmp_path: Path) -> None:
    """`say` without an instance says so; the message is stored, and answered by the next one."""
    async with stage(tmp_path) as on:
        await on.recado.started()
        assert await on.recado.stop() == 0
        said = await on.recado.run("say", ANA.chat, "hello", "--id", "m1", "--timeout", "0.5")
        assert (said.code, said.out) == (2, "")
        assert "The message is stored" in said.err
        await on.recado.started()
        await on.log.ended(ANA, "m1")
        await on.kept_its_promises()
