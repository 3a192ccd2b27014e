"""Threads of another bot become the chats' threads."""

from __future__ import annotations

from events.decisions import ThreadCreated
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from recado.settings.modes import ApiMode
from recado.transfer.thread_file import Row
from recado.transfer.thread_import import take_over

ANA, BOB = "5511999990001@s.whatsapp.net", "5511999990002@s.whatsapp.net"


async def imported(log: MemoryLog, mode: ApiMode, *rows: Row) -> list[str]:
    return [result.result async for result in take_over(log, "local", mode, rows)]


async def test_a_thread_of_this_mode_is_kept() -> None:
    """It is in the log as the chat's thread, imported."""
    log = MemoryLog()
    assert await imported(log, "assistants", Row(ANA, "thread_a"), Row(BOB, "my-own-id")) == ["kept", "kept"]
    recorded = await log.last_decision(ChatKey("local", ANA))
    assert recorded is not None
    assert isinstance(recorded.event, ThreadCreated)
    assert (recorded.event.backend, recorded.event.thread, recorded.event.reason) == (
        "assistants",
        "thread_a",
        "imported",
    )


async def test_a_thread_of_another_mode_starts_fresh() -> None:
    """Nothing is logged: the next message makes a thread, with what recado knows of the chat."""
    log = MemoryLog()
    assert await imported(log, "responses", Row(ANA, "thread_a"), Row(BOB, "conv_b")) == ["fresh", "kept"]
    assert await imported(log, "chat", Row(ANA, "thread_a")) == ["fresh"]
    assert await log.last_decision(ChatKey("local", ANA)) is None


async def test_sessions_of_agents_are_kept() -> None:
    """One that proves to be gone is replaced at its first use, like any other; what is clearly none is not tried."""
    log = MemoryLog()
    assert await imported(log, "agents", Row(ANA, "session_a"), Row(BOB, "thread_b")) == ["kept", "fresh"]
    recorded = await log.last_decision(ChatKey("local", ANA))
    assert recorded is not None
    assert recorded.event == ThreadCreated(
        backend="agents", thread="session_a", reason="imported", at=recorded.event.at
    )


async def test_the_known_history_goes_along() -> None:
    """The thread cannot be kept, but the log has the conversation: the next one is seeded with it, and that is said."""
    log = MemoryLog()
    await imported(log, "assistants", Row(ANA, "thread_a"))
    (result,) = [r async for r in take_over(log, "local", "chat", [Row(ANA, "thread_a")])]
    assert (result.result, result.why) == ("reseeded", "mode chat cannot go on with a thread that was made elsewhere")


async def test_importing_again_changes_nothing() -> None:
    """Also a chat that has gone on since keeps its thread."""
    log = MemoryLog()
    await imported(log, "assistants", Row(ANA, "thread_a"))
    assert await imported(log, "assistants", Row(ANA, "thread_other")) == ["skipped"]
    assert (await log.head()).last == 1


async def test_a_bad_line_is_skipped_with_its_reason() -> None:
    """The other lines are imported."""
    log = MemoryLog()
    results = [r async for r in take_over(log, "local", "assistants", [Row("x", "t", "no JID"), Row(ANA, "thread_a")])]
    assert [(r.result, r.why) for r in results] == [("skipped", "no JID"), ("kept", None)]
