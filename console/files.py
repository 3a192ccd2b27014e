"""Gives the bytes of files to browsers: a picture to look at, anything else to keep.

The bytes may be anybody's. A browser is told that they are a picture only where they are one, never that they are a page
or a script; all else is a download without a type. The guard's `nosniff` and CSP come with every answer.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from console.desk import deps_of, key_of
from console.problems import Problem
from events.library import PREFIX

_SIGNATURES = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp"),
)
"""Pictures that browsers show and that cannot hold a script, by their first bytes."""

HEADERS = {
    "cache-control": "private, no-store",
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
}

AT_ONCE = 2
"""Files that are read at the same time: each is up to 100 MB, and is read as a whole."""


async def of_part(request: Request) -> Response:
    """GET the file of a reply's part: the reply by its sequence in the log, the part by its number. Only files that a
    reply of this chat sends are given."""
    deps, key = deps_of(request), key_of(request)
    seq, number = request.path_params["seq"], request.path_params["number"]
    page = await deps.read(lambda: deps.queries.lines(key, 1, around=seq))
    line = next((one for one in page.entries if one.seq == seq), None)
    part = line.parts[number - 1] if line is not None and 0 < number <= len(line.parts) else None
    if part is None or part.object is None:
        raise Problem(404, "There is no such file in this chat.")
    return await answer_with(request, part.object, part.filename or f"{part.kind}-{seq}-{number}")


async def answer_with(request: Request, object_: str, name: str) -> Response:
    """The file, as a picture or as a download under this name. Raises Problem, LogUnavailable."""
    deps, reading = deps_of(request), request.app.state.reading_files
    async with reading:
        content = await deps.library.content(object_) if deps.library is not None else None
    if content is None:
        kept = "It was taken away." if object_.startswith(PREFIX) else "Only files of the library are kept."
        raise Problem(404, f"This file is not there any more. {kept}")
    picture = picture_type(content)
    shown = "inline" if picture is not None else "attachment"
    headers = HEADERS | {"content-disposition": f"{shown}; filename*=UTF-8''{quote(name, safe='')}"}
    return Response(content, headers=headers, media_type=picture or "application/octet-stream")


def picture_type(content: bytes) -> str | None:
    """The type of a picture; None: it is none that a browser is to show."""
    return next((type_ for signature, type_ in _SIGNATURES if signature.match(content)), None)
