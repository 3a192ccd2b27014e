"""The page's API answers for failed requests, and the reading of a request's body."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console.access import Denied
from console.languages import Worded, marked, translate_of
from console.list_links import list_alone
from console.rendering import render
from events.log import LogError, LogUnavailable, WriteUnknown
from projections.reads.reader import ProjectionMissing

LARGEST_BODY = 4 * 1024 * 1024
"""Bytes of a request's body. The limit for a message is the bus's, and smaller."""

NOT_STORED = marked("Not stored: %(reason)s.")
NOT_ADDED = marked("Not added: %(reason)s.")
NOT_REMOVED = marked("Not removed: %(reason)s. Try again.")
NOT_CHANGED = marked("Nothing was changed: %(reason)s. Try again.")
_UNKNOWN = marked("No answer came, so it is not known whether this was done. Look before you do it again.")

_Shape = TypeVar("_Shape", bound=msgspec.Struct)
_encoder = msgspec.json.Encoder()


class Problem(Worded):
    """A request that gets the answer `status` with `error` as its reason, on a page headed `heading`."""

    heading = marked("That did not work")

    def __init__(self, status: int, error: str, /, **values: object) -> None:
        super().__init__(error, values)
        self.status = status


def answer(value: object, status: int = 200) -> Response:
    """`value` as JSON."""
    return Response(_encoder.encode(value), status, {"cache-control": "no-store"}, "application/json")


def unstored(error: Exception, text: str) -> str:
    """The words for a write that failed: `text`, which says that it was not stored, or that this is not known."""
    return _UNKNOWN if isinstance(error, WriteUnknown) else text


async def answer_problem(request: Request, problem: Exception) -> Response:
    """The response to a request that raised a Problem."""
    if not isinstance(problem, Problem):
        raise problem
    return _answer(request, problem)


async def answer_projection_missing(request: Request, missing: Exception) -> Response:
    """The response while there is no projection to read."""
    if not isinstance(missing, ProjectionMissing):
        raise missing
    return _answer(request, Problem(503, "The history is being built from the log; try again in a moment."))


async def answer_log_error(request: Request, error: Exception) -> Response:
    """The response while the bus does not answer, lacks the thing that was asked for, or has no room."""
    if not isinstance(error, LogError):
        raise error
    if isinstance(error, LogUnavailable):
        return _answer(request, Problem(503, "The bus does not answer: %(reason)s.", reason=error))
    return _answer(request, Problem(503, "Not done: %(reason)s.", reason=error))


async def answer_client_gone(_request: Request, _gone: Exception) -> Response:
    """The response, which is sent to no connection, after the client left in the middle of its request."""
    return Response(status_code=400)


async def answer_http_error(request: Request, error: Exception) -> Response:
    """The response to a request of an address, or by a method, that there is not."""
    if not isinstance(error, HTTPException):
        raise error
    problem = Problem(error.status_code, "%(reason)s", reason=error.detail)
    if isinstance(error, Denied):
        problem = Problem(error.status_code, error.text, **error.values)
    elif error.status_code == 404:
        problem = Problem(404, "There is no such page.")
    elif error.status_code == 405:
        problem = Problem(405, "This address is not asked in this way.")
    response = _answer(request, problem)
    response.headers.update(error.headers or {})
    return response


def _answer(request: Request, problem: Problem) -> Response:
    """The error as a page or as JSON, in the language of the request: a program asks for none, and gets English."""
    path, said = request.url.path, problem.said(translate_of(request))
    is_of_a_page = path.startswith(("/desk", "/log")) or (
        not path.startswith("/api/") and is_for_people(request.headers)
    )
    if is_of_a_page and not is_of_a_form(request.headers):
        back, is_erased = list_alone(request.query_params), problem.status == 410
        values = {"error": said, "heading": problem.heading, "back": back, "erased": is_erased}
        return render(request, "problem.html", status=problem.status, **values)
    return answer({"error": said}, problem.status)


def is_of_a_form(headers: Headers) -> bool:
    """True if the script of a page sent one of its forms, and takes the answer as JSON."""
    return headers.get("accept", "").startswith("application/json")


def is_for_people(headers: Headers) -> bool:
    """True if the client asks for a page."""
    return "text/html" in headers.get("accept", "")


async def body_of(request: Request, shape: type[_Shape]) -> _Shape:
    """The JSON body of a request as `shape`. Raises Problem."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "Send JSON, with Content-Type: application/json.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise Problem(413, "The request is larger than %(most)s bytes.", most=f"{LARGEST_BODY:,}")
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, "The body is not what is expected here: %(reason)s.", reason=error) from error
