"""Serves the files that replies sent, to those who may see the chats.

A file is reached by the reply that sent it, never by its own name. It comes from a model's tool or from anyone on the
bus, so a browser gets it in a type that it can show and not run, or as a download.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from console.deps import Deps
from console.desk import deps_of, key_of
from console.problems import Problem
from console.shown_parts import type_of
from events import codec
from events.decisions import Reply
from events.jid import is_canonical
from events.parts import Part
from events.subjects import ChatKey
from gateways.local.messages import messages_of

AT_ONCE = 2
"""Files that are read at the same time: each is up to 100 MB, and is read as a whole."""

_HEADERS = {
    "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-store",
}
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f/\\:]+")


async def sent(request: Request) -> Response:
    """GET `?account=&reply=`: the file in the message `number` of the reply at sequence `seq`; 404 if there is none."""
    deps: Deps = request.app.state.deps
    path, query = request.path_params, request.query_params
    key = ChatKey(query.get("account") or deps.account, path["chat"])
    part = await _part(deps, key, path["seq"], path["number"], query.get("reply"))
    return await answer_with(request, part)


async def of_part(request: Request) -> Response:
    """GET: the file of a reply's part, on the desk: the reply by its sequence, the part by its number."""
    deps, key, path = deps_of(request), key_of(request), request.path_params
    if path["seq"] >= 2**63:  # no sequence of a log
        return await answer_with(request, None)
    page = await deps.read(lambda: deps.queries.lines(key, 1, around=path["seq"]))
    parts = next((one.parts for one in page.entries if one.seq == path["seq"]), ())
    return await answer_with(request, dict(enumerate(parts, 1)).get(path["number"]))


async def answer_with(request: Request, part: Part | None) -> Response:
    """The part's file, in a type that a browser shows or as a download. Raises Problem, LogUnavailable."""
    if part is None or part.object is None:
        raise Problem(404, "There is no such file.")
    deps: Deps = request.app.state.deps
    async with request.app.state.reading_files:
        content = await deps.files.content(part.object)
    if content is None:
        raise Problem(404, "The file is no longer in the object store.")
    type_ = type_of(part)
    headers = dict(_HEADERS)
    if type_ is None:
        headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(_name_of(part), safe='')}"
    return Response(content, media_type=type_ or "application/octet-stream", headers=headers)


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


def _name_of(part: Part) -> str:
    return _UNSAFE.sub("_", (part.filename or "").strip())[:120] or part.kind
