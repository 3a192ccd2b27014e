"""A profiler that runs inside the process and takes a sample at each millisecond of CPU.

A sample counts for the innermost known place on the main thread's stack, with the CPU that this thread has used since
the sample before. The time of C code counts for the line that called it.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from types import FrameType

import msgspec

EVERY = 0.001

PLACES = (
    ("/chat/", "recado: the rules of a chat"),
    ("/actors/", "recado: actors"),
    ("/backends/", "recado: backends"),
    ("/projections/", "recado: projection, read and dispatched"),
    ("/events/codec", "recado: events to and from JSON"),
    ("/events/jetstream/tail", "recado: following the log"),
    ("/events/jetstream/consumer", "recado: following the log"),
    ("/events/", "recado: appends and the bus"),
    ("/nats/", "nats-py"),
    ("/aiohttp/", "aiohttp"),
    ("/yarl/", "aiohttp"),
    ("/multidict/", "aiohttp"),
    ("/openai/", "openai and its HTTP client"),
    ("/httpx2/", "openai and its HTTP client"),
    ("/httpx_aiohttp/", "openai and its HTTP client"),
    ("/pydantic/", "openai and its HTTP client"),
    ("/pykka/", "pykka"),
    ("/asyncio/selector_events", "asyncio: sockets"),
    ("/selectors", "asyncio: sockets"),
    ("/asyncio/", "asyncio: tasks and callbacks"),
)
"""Pairs of a part of a file's path and its place; the first match counts."""

OTHER, THREADS = "everything else", "the SQLite thread and others"


class Sampler:
    """Counts the main thread's seconds of CPU by place, from `start` on."""

    def __init__(self) -> None:
        self._seconds: Counter[str] = Counter()
        self._last = 0.0
        self._began = 0.0
        self._known: dict[str, str | None] = {}
        self.runs = False

    def start(self) -> None:
        """Start counting from zero. Call it on the main thread."""
        self.runs = True
        self._seconds.clear()
        self._last, self._began = time.thread_time(), time.process_time()
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)

    def taken(self) -> bytes:
        """Seconds by place so far, as JSON. May be called on any thread."""
        seconds = dict(self._seconds)
        seconds[THREADS] = time.process_time() - self._began - sum(seconds.values())
        return msgspec.json.encode(seconds)

    def _sample(self, _number: int, frame: FrameType | None) -> None:
        now = time.thread_time()
        self._seconds[self._place(frame)] += now - self._last
        self._last = now

    def _place(self, frame: FrameType | None) -> str:
        while frame is not None:
            file = frame.f_code.co_filename
            if file not in self._known:
                self._known[file] = next((place for part, place in PLACES if part in file), None)
            if (place := self._known[file]) is not None:
                return place
            frame = frame.f_back
        return OTHER
