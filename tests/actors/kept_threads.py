"""A backend whose provider keeps threads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from backends.protocol import Answer, ReplyRequest, ThreadRequest


class Kept:
    """A backend whose provider keeps threads; the test answers."""

    name = "responses"

    def __init__(self) -> None:
        self.threads: list[ThreadRequest] = []
        self.runs: list[ReplyRequest] = []
        self.stopped: list[tuple[str, str, str | None]] = []
        self.forgotten: list[str] = []
        self._answers: dict[str, asyncio.Future[Answer]] = {}

    async def close(self) -> None: ...

    async def create_thread(self, request: ThreadRequest) -> str:
        self.threads.append(request)
        return f"conv-{id(self)}-{len(self.threads)}"

    async def start_run(self, request: ReplyRequest) -> str:
        self.runs.append(request)
        return f"run-{request.turn}"

    async def await_run(self, request: ReplyRequest, run: str) -> Answer:
        waiting = self._answers.setdefault(request.turn, asyncio.get_running_loop().create_future())
        try:
            return await waiting
        finally:
            del self._answers[request.turn]

    async def stop_turn(self, thread: str, turn: str, run: str | None) -> None:
        self.stopped.append((thread, turn, run))

    def keeps(self, backend: str) -> bool:
        return backend == self.name

    async def forget(self, backend: str, thread: str, runs: Sequence[str]) -> None:
        self.forgotten.append(thread)

    def answer(self, turn: str, text: str = "hi") -> None:
        waiting = self._answers.setdefault(turn, asyncio.get_running_loop().create_future())
        waiting.set_result(Answer(text=text, model="by hand"))
