"""Puts a turn's messages into the thread and starts a run that answers them: each once, also after failed tries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

from backends.assistants.client import NotThere
from backends.assistants.poll import ended
from backends.assistants.thread import RemoteThread, Run
from backends.content.attachments import NOT_TAKEN, opened
from backends.content.message_text import never_empty
from backends.protocol import ReplyRequest, ThreadLost
from backends.provider.quirks import Quirks, insist
from backends.provider.refusals import JsonObject, is_file
from backends.provider.schemas import plain
from chat.context import Line


class Starting:
    """Finds or starts the run that answers `request`; `body` gives the body of the request for it, `quirks` are what is
    known of the assistant's server."""

    def __init__(
        self,
        thread: RemoteThread,
        request: ReplyRequest,
        body: Callable[[], Awaitable[JsonObject]],
        quirks: Quirks,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self.began = asyncio.get_running_loop().time()
        self._thread = thread
        self._request = request
        self._body = body
        self._quirks = quirks
        self._sleep = sleep
        self._ids = request.ids or tuple(f"{request.turn}:{place}" for place in range(len(request.messages)))

    async def adopt_or_start(self) -> str:
        """The id of the run. Looks before it posts, so it can be called again after AttemptFailed of any kind."""
        runs = await self._thread.runs()
        for run in runs:
            # A run of an earlier attempt that completed wrote nothing: another attempt was ordered.
            is_useful = run.status == "completed" and run.attempt in (0, self._request.attempt)
            if run.turn == self._request.turn and (is_useful or run.works):
                return run.id
        for run in runs:
            if run.active:
                await self._end(run)
        there = await self._standing(runs)
        for id_, line in zip(self._ids, self._request.messages, strict=True):
            if id_ not in there:
                about = {"message": id_, "turn": self._request.turn}
                content = await self._content(line)
                message = {"role": line.role, "content": content, "metadata": about}
                await insist(self._thread.add, message, self._quirks, _shown)
        return (await insist(self._thread.start, await self._body(), self._quirks, _offered)).id

    async def _content(self, line: Line) -> str | list[dict[str, object]]:
        """The content of a message: a text or, if it has pictures, parts. A try that is cut short may leave an uploaded
        picture that no message shows; the server deletes it in time."""
        (message,) = await opened([line], self._request.files)
        parts: list[dict[str, object]] = [{"type": "text", "text": never_empty(line)}]
        for file in message.files:
            if file.body is not None:
                attached = file.attachment
                id_ = await self._thread.upload(attached.filename, file.body, attached.mime)
                parts.append({"type": "image_file", "image_file": {"file_id": id_}})
        return parts if message.files else never_empty(line)

    async def _end(self, run: Run) -> None:
        """Wait until another run has let go of the thread. Raises ThreadLost if it does not.

        A run of a former turn is cancelled: that turn has its ending, and the answer would never be read. A run that
        recado did not start may end by itself in half of the patience, then it is cancelled too.
        """
        patience = self._request.patience
        try:
            if run.turn is None:
                run = await ended(self._thread, run.id, self.began + patience / 2, self._sleep)
            if run.active:
                run = await ended(self._thread, run.id, self.began + patience * 3 / 4, self._sleep, cancel=True)
        except NotThere:
            return
        if run.active:
            raise ThreadLost(self._thread.id, f"run {run.id} is {run.status} and cannot be ended")

    async def _standing(self, runs: Sequence[Run]) -> set[str]:
        """Ids of the turn's messages that are in the thread already. Removes second copies, which came late.

        Looks back to the last reply of recado's, or to the history that the thread was seeded with. A copy before
        that belongs to a failed turn that is tried again only now. The model would not answer it at that place, so the
        message is added once more.
        """
        replied = {run.id for run in runs if run.status == "completed" and run.turn is not None}
        found: dict[str, str] = {}
        after: str | None = None
        while True:
            page = await self._thread.messages(20 if after is None else 100, after=after)
            for message in page.data:
                if message.run_id in replied or message.place is not None:
                    return set(found)
                if message.stands_for in self._ids:
                    if message.stands_for in found:
                        await self._thread.remove(found[message.stands_for])
                    found[message.stands_for] = message.id
            oldest = page.data[-1].id if page.data else after
            if not page.has_more or oldest == after or len(found) == len(self._ids):
                return set(found)
            after = oldest


def _shown(message: JsonObject, found: Collection[str]) -> JsonObject:
    """A message without pictures, where the server does not take them."""
    content = message["content"]
    if not {"no_files", "refused_files"} & set(found) or not isinstance(content, list):
        return message
    said = [part["text"] for part in content if not is_file(part)]
    return {**message, "content": "\n".join((*said, NOT_TAKEN))}


def _offered(body: JsonObject, found: Collection[str]) -> JsonObject:
    """The request for a run with the tools that the server takes."""
    if "no_tools" in found:
        return {name: value for name, value in body.items() if name != "tools"}
    if "plain_schemas" not in found or "tools" not in body:
        return body
    return {**body, "tools": [_plain(tool) for tool in body["tools"]]}


def _plain(tool: JsonObject) -> JsonObject:
    function = tool.get("function")
    if not isinstance(function, dict) or "parameters" not in function:
        return tool
    return {**tool, "function": {**function, "parameters": plain(function["parameters"])}}
