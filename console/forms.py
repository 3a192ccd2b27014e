"""Forms that browsers post, as far as the page has them: a few short fields."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request

from console.problems import Problem

LARGEST = 1024 * 1024
"""Bytes of a form that are read: a text that a human sends may have 65,536 characters, nine bytes each."""


async def form_of(request: Request) -> dict[str, str]:
    """The fields, each by its name; of several of one name the last. Raises Problem."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise Problem(415, "Send a form, with Content-Type: application/x-www-form-urlencoded.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise Problem(413, f"The form is larger than {LARGEST:,} bytes.")
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=20))
    except ValueError as error:
        raise Problem(400, f"The form cannot be read: {error}.") from error
