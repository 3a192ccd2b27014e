"""Serves the files of a chat to those who may see it.

A file is reached by the message that brought it or the reply that sent it, never by its own name. It comes from anyone
on WhatsApp, a model's tool or anyone on the bus, so a browser gets it in a type that it can show and not run, or as a
download. Memory holds one piece of each file that is being sent.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from console.byte_ranges import Unsatisfiable, range_in
from console.deps import Deps
from console.desk import deps_of, key_of
from console.problems import Problem
from console.shown_types import DOWNLOAD, LOOKED_AT, shown_type
from events import codec
from events.decisions import Reply
from events.files import File, NotWhole
from events.inbound import Media
from events.jetstream.media_store import BUCKET
from events.jid import is_canonical
from events.parts import Part
from events.subjects import ChatKey
from gateways.local.messages import messages_of
from projections.reads.views import Entry

AT_ONCE = 8
"""Pieces of files that are read from the object stores at the same time. A slow browser holds none of these places."""

_HEADERS = {
    "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-store",
    "accept-ranges": "bytes",
}
_LONGEST_NAME, _LONGEST_END = 120, 10
"""Characters of a download's name, and of an end that stays when the name is cut: systems open a file by its end."""

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f/\\:\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")


async def sent(request: Request) -> Response:
    """GET `?account=&reply=`: the file in the message `number` of the reply at sequence `seq`; 404 if there is none."""
    deps: Deps = request.app.state.deps
    path, query = request.path_params, request.query_params
    key = ChatKey(query.get("account") or deps.account, path["chat"])
    part = await _part(deps, key, path["seq"], path["number"], query.get("reply"))
    return await answer_with(request, part)


async def of_part(request: Request) -> Response:
    """GET: the file of a reply's part, on the desk: the reply by its sequence, the part by its number."""
    line = await _line(request)
    parts = line.parts if line is not None else ()
    return await answer_with(request, dict(enumerate(parts, 1)).get(request.path_params["number"]))


async def of_message(request: Request) -> Response:
    """GET: the file that came with a message of the chat, by the message's sequence in the log."""
    line = await _line(request)
    if line is None or line.media is None:
        raise Problem(404, "There is no such file.")
    media = msgspec.json.decode(line.media, type=Media)
    return await _answer(request, f"{BUCKET}/{media.object}", line.kind or "", media.filename)


async def answer_with(request: Request, part: Part | None) -> Response:
    """The part's file, in a type that a browser shows or as a download. Raises Problem, LogUnavailable."""
    if part is None or part.object is None:
        raise Problem(404, "There is no such file.")
    return await _answer(request, part.object, part.kind, part.filename)


async def _answer(request: Request, object_: str, kind: str, filename: str | None) -> Response:
    deps: Deps = request.app.state.deps
    file = await deps.files.find(object_)
    if file is None:
        raise Problem(404, "The file is empty, or no longer kept.")
    tag = f'"{file.sha256}"'
    given = request.headers
    try:
        wanted = range_in(given.get("range"), given.get("if-range"), tag, file.size)
    except Unsatisfiable:
        return Response(status_code=416, headers={**_HEADERS, "content-range": f"bytes */{file.size}"})
    pieces = _Pieces(request, file)
    try:
        # A document is never shown: people send pages, drawings and pictures as documents.
        type_ = shown_type(await pieces.beginning(), sound=kind == "audio") if kind != "document" else None
    except BaseException as fault:
        await pieces.close()
        if isinstance(fault, NotWhole):
            raise Problem(404, "The file is no longer kept.") from fault
        raise
    headers = {**_HEADERS, "etag": tag, "content-disposition": _disposition(filename, kind, shown=type_ is not None)}
    if wanted is not None:
        headers["content-range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{file.size}"
    return _Streamed(pieces, wanted or range(file.size), 206 if wanted is not None else 200, type_ or DOWNLOAD, headers)


class _Pieces:
    """The pieces of a file, each read in its turn."""

    def __init__(self, request: Request, file: File) -> None:
        self._turn = request.app.state.reading_pieces
        self._size = file.size
        self._pieces = file.pieces()
        self._first = b""

    async def beginning(self) -> bytes:
        """The first bytes: LOOKED_AT, or all that there are."""
        while len(self._first) < LOOKED_AT and (piece := await self._read()):
            self._first += piece
        return self._first[:LOOKED_AT]

    async def of(self, wanted: range) -> AsyncGenerator[bytes, None]:
        """The bytes that are wanted. Raises LogUnavailable, and NotWhole where they reach to the end of the file."""
        at = 0
        while (at < wanted.stop or wanted.stop == self._size) and (piece := await self._next()):
            if kept := piece[max(0, wanted.start - at) : max(0, wanted.stop - at)]:
                yield kept
            at += len(piece)

    async def close(self) -> None:
        await self._pieces.aclose()

    async def _next(self) -> bytes:
        first, self._first = self._first, b""
        return first or await self._read()

    async def _read(self) -> bytes:
        async with self._turn:
            return await anext(self._pieces, b"")


class _Streamed(StreamingResponse):
    """A file on its way: the pieces that are wanted, one after the other as the browser takes them."""

    def __init__(self, pieces: _Pieces, wanted: range, status: int, type_: str, headers: dict[str, str]) -> None:
        super().__init__(pieces.of(wanted), status, {**headers, "content-length": str(len(wanted))}, type_)
        self._source = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["method"] == "HEAD":
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                await send({"type": "http.response.body"})
            else:
                await super().__call__(scope, receive, send)
        finally:
            await self._source.close()


async def _line(request: Request) -> Entry | None:
    """The message or reply of the chat at the sequence that the address names."""
    deps, key, seq = deps_of(request), key_of(request), request.path_params["seq"]
    if seq >= 2**63:  # no sequence of a log
        return None
    page = await deps.read(lambda: deps.queries.lines(key, 1, around=seq))
    return next((one for one in page.entries if one.seq == seq), None)


async def _part(deps: Deps, key: ChatKey, seq: int, number: int, reply: str | None) -> Part | None:
    if not is_canonical(key.chat) or not 0 < seq < 2**63:
        return None
    raw = await deps.log.read(seq)
    if raw is None:
        return None
    recorded = codec.read(raw.seq, raw.subject, deps.now(), raw.headers, raw.body)
    event = recorded.event
    if recorded.key != key or not isinstance(event, Reply) or event.id != reply:
        return None
    message = dict(enumerate(messages_of(event), 1)).get(number)
    return message if isinstance(message, Part) else None


def _disposition(filename: str | None, kind: str, *, shown: bool) -> str:
    """The header Content-Disposition (RFC 6266, RFC 8187) with a name that is nothing but a name."""
    name = _UNSAFE.sub("_", (filename or "").strip()).strip(". ")
    stem, point, end = name.rpartition(".")
    if len(name) > _LONGEST_NAME and stem and len(end) <= _LONGEST_END:
        name = stem[: _LONGEST_NAME - len(point + end)].rstrip(". ") + point + end
    name = name[:_LONGEST_NAME].strip(". ") or kind or "file"
    return f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{quote(name, safe='')}"
