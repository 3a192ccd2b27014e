"""The page's API answers for failed requests, and the reading of a request's body."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console.rendering import render
from events.log import LogUnavailable
from projections.reads.reader import ProjectionMissing

LARGEST_BODY = 4 * 1024 * 1024
"""Bytes of a request's body. The limit for a message is the bus's, and smaller."""

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


async def answer_problem(request: Request, problem: Exception) -> Response:
    """The response to a request that raised a Problem."""
    if not isinstance(problem, Problem):
        raise problem
    return _answer(request, problem.status, problem.error)


async def answer_projection_missing(request: Request, missing: Exception) -> Response:
    """The response while there is no projection to read."""
    if not isinstance(missing, ProjectionMissing):
        raise missing
    return _answer(request, 503, "The history is being built from the log; try again in a moment.")


async def answer_log_unavailable(request: Request, error: Exception) -> Response:
    """The response while the bus does not answer."""
    if not isinstance(error, LogUnavailable):
        raise error
    return _answer(request, 503, f"The bus does not answer: {error}.")


async def answer_client_gone(_request: Request, _gone: Exception) -> Response:
    """The response, which is sent to no connection, after the client left in the middle of its request."""
    return Response(status_code=400)


async def answer_http_error(request: Request, error: Exception) -> Response:
    """The response to a request of an address, or by a method, that there is not."""
    if not isinstance(error, HTTPException):
        raise error
    words = {404: "There is no such page.", 405: "This address is not asked in this way."}
    response = _answer(request, error.status_code, words.get(error.status_code, error.detail))
    response.headers.update(error.headers or {})
    return response


def _answer(request: Request, status: int, error: str) -> Response:
    """The error, as a page for requests of pages, else as JSON."""
    path = request.url.path
    if path.startswith(("/desk", "/log")) or (not path.startswith("/api/") and is_for_people(request.headers)):
        return render(request, "problem.html", status=status, error=error)
    return answer({"error": error}, status)


def is_for_people(headers: Headers) -> bool:
    """Whether the client asks for a page."""
    return "text/html" in headers.get("accept", "")


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
