"""Makes an instance with the rules of the settings, for answering and for `recado whatif`."""

from __future__ import annotations

from collections.abc import Callable

from actors.instance import ChatReads, Checkpoint, Instance, Tools
from actors.leases.clocks import BusTime
from actors.leases.fence import Fence
from actors.media_files import Files
from backends.protocol import Backend, Threads
from events.log import EventLog
from recado.settings.settings import Settings


def instance_of(
    settings: Settings,
    *,
    incarnation: str,
    log: EventLog,
    backend: Backend,
    tools: Tools,
    reads: ChatReads,
    progress: Checkpoint,
    bus_time: BusTime,
    fresh_id: Callable[[], str],
    files: Files,
    threads: Threads | None = None,
    fence: Fence | None = None,
    is_finishing: Callable[[str], bool] = lambda _: False,
) -> Instance:
    """An instance with the rules of `settings` and the given parts."""
    return Instance(
        incarnation=incarnation,
        log=log,
        backend=backend,
        tools=tools,
        reads=reads,
        progress=progress,
        bus_time=bus_time,
        fresh_id=fresh_id,
        debounce=settings.debounce,
        run_timeout=settings.run_timeout,
        stale_after=settings.stale_after,
        history=settings.max_conversation_history,
        apology=settings.apology,
        max_runs=settings.max_runs,
        fence=fence,
        is_finishing=is_finishing,
        budget=settings.max_tokens_per_chat_per_day,
        words=settings.words,
        gates=settings.gates,
        takeover=settings.takeover,
        files=files,
        threads=threads,
    )
