"""Refuses requests to the page, except those of browsers on this machine that come from the page itself.

The server listens on loopback, but every site that a browser shows can send it requests, and a name that its owner
points at 127.0.0.1 (DNS rebinding) makes that site's requests look like our own. So the Host must be a name of this
machine, and the Origin, which a browser always sends with a POST and which a site cannot forge, must be that same host.
A GET mostly has no Origin: then Sec-Fetch-Site tells whether another site caused the request.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS = {
    b"content-security-policy": b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    b"media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-cache",
}
"""Defaults for every response: scripts only from our own files, no frames, no guessing of types, and no cached page of
an earlier version."""


def refusal(method: str, host: str | None, origin: str | None, *, locked: bool = False) -> str | None:
    """Reason to refuse a request by its Host and Origin; None to answer it.

    With a login (`locked`), any host name is accepted: a browser that logged in under one has no cookie under
    another.
    """
    if host is None or not (locked or _HOST.fullmatch(host)):
        return (
            f"This server answers to localhost, 127.0.0.1 and [::1] only, not to {_shown(host)}. "
            "From another machine, forward the port: ssh -L 8088:localhost:8088 HOST"
        )
    if origin is None:
        if method in _SAFE:
            return None
        return f"A {method} needs the Origin header that browsers send; from a program, send Origin: http://{host}"
    if origin.lower() not in (f"http://{host.lower()}", f"https://{host.lower()}"):
        return f"{_shown(origin)} is another site than this one, http://{host}, and may not use it."
    return None


def cross_site(path: str, site: str | None) -> str | None:
    """Reason to refuse a request of another site, as the browser reports it in Sec-Fetch-Site; None to answer it.

    No script can set that header. Links to the page itself may come from any site, and a sign-in comes back from its
    provider.
    https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
    """
    if site == "cross-site" and path not in ("/", "/desk", "/login", "/login/oidc/back"):
        return "Another site may link to the page, and ask for nothing else here."
    return None


class Guard:
    """ASGI middleware: refuses strangers with 403, and adds HEADERS to the app's responses."""

    def __init__(self, app: ASGIApp, *, locked: Callable[[], bool] = lambda: False) -> None:
        self._app = app
        self._locked = locked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = _only(headers, "host"), _only(headers, "origin")
        reason = refusal(scope["method"], host, origin, locked=self._locked()) or cross_site(
            scope["path"], _only(headers, "sec-fetch-site")
        )

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = dict(message.get("headers", ()))
                message["headers"] = [
                    *message.get("headers", ()),
                    *((k, v) for k, v in HEADERS.items() if k not in own),
                ]
            await send(message)

        if reason is not None:
            await JSONResponse({"error": reason}, 403)(scope, receive, send_guarded)
        else:
            await self._app(scope, receive, send_guarded)


def _only(headers: Headers, name: str) -> str | None:
    """The header's value. Repeated headers are joined, which matches no host or origin."""
    values = headers.getlist(name)
    return ", ".join(values) if values else None


def _shown(value: str | None) -> str:
    return "a request without a Host" if value is None else repr(value[:80])
