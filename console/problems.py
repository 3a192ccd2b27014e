"""What the page's API says when it cannot do what it was asked, and how a request's body is read."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from projections.reader import ProjectionMissing

LARGEST_BODY = 4 * 1024 * 1024
"""Bytes of a request's body that are read; how long a message may really be is the bus's to say."""

_Shape = TypeVar("_Shape", bound=msgspec.Struct)
_encoder = msgspec.json.Encoder()


class Problem(Exception):
    """A request that gets the answer `status` with `error` as its reason."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


def answer(value: object, status: int = 200) -> Response:
    """`value` as JSON."""
    return Response(_encoder.encode(value), status, {"cache-control": "no-store"}, "application/json")


async def answer_problem(_request: Request, problem: Exception) -> Response:
    """The response to a request that met a Problem."""
    if not isinstance(problem, Problem):
        raise problem
    return answer({"error": problem.error}, problem.status)


async def answer_projection_missing(_request: Request, missing: Exception) -> Response:
    """The response while there is no projection to read."""
    if not isinstance(missing, ProjectionMissing):
        raise missing
    return answer({"error": "The history is being built from the log; try again in a moment."}, 503)


async def body_of(request: Request, shape: type[_Shape]) -> _Shape:
    """The JSON body of a request as `shape`. Raises Problem."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "Send JSON, with Content-Type: application/json.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise Problem(413, f"The request is larger than {LARGEST_BODY:,} bytes.")
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, f"The body is not what is expected here: {error}.") from error
