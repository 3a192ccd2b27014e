"""Reads the forms that browsers post to the page: a few short fields."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request

from console.access import FIELD, check_page
from console.problems import Problem

LARGEST = 1024 * 1024
"""Bytes of a form: a human's text may have 65,536 characters, up to nine bytes each."""


async def form_of(request: Request, most: int = 20) -> dict[str, str]:
    """The fields by name, at most `most`; the last one if a name is repeated; without the one that says for whom the
    page was made. Raises Problem, PageOfAnother."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise Problem(415, "Send a form, with Content-Type: application/x-www-form-urlencoded.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise Problem(413, "The form is larger than %(largest)s bytes.", largest=f"{LARGEST:,}")
    try:
        given = dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=most + 1))
    except ValueError as error:
        raise Problem(400, "The form cannot be read: %(reason)s.", reason=error) from error
    check_page(request, given.pop(FIELD, None))
    return given
