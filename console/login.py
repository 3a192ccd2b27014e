"""The page's password, if one is set: a form for people, a header for programs.

A browser that is logged in has a signed cookie. The password itself is the key, so nothing is stored, sessions survive
a restart, and a new password ends them all. Browsers send the cookie to this host only, and with no request that
another site causes.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections import deque
from urllib.parse import quote

import structlog
from itsdangerous import BadSignature, TimestampSigner
from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from console.deps import Deps
from console.forms import form_of
from console.rendering import render

COOKIE = "recado"
LASTS = 14 * 24 * 3600
"""Seconds for which a browser stays logged in."""

MOST_GUESSES = 10
WITHIN = 60.0
"""After MOST_GUESSES wrong passwords within WITHIN seconds, from any address, passwords are refused unread until the
oldest is more than WITHIN seconds ago."""

OPEN = frozenset({"/login", "/healthz", "/readyz"})
_IN = b"in"

log = structlog.get_logger("recado.console")


class Guesses:
    """Counts recent wrong passwords. There is one count for all clients, since many can share an address."""

    def __init__(self) -> None:
        self._wrong: deque[float] = deque()

    def too_many(self) -> bool:
        while self._wrong and self._wrong[0] < time.monotonic() - WITHIN:
            self._wrong.popleft()
        return len(self._wrong) >= MOST_GUESSES

    def was_wrong(self) -> None:
        self._wrong.append(time.monotonic())


class Locked:
    """ASGI middleware: asks for `password`; None lets every request in."""

    def __init__(self, app: ASGIApp, password: str | None, guesses: Guesses) -> None:
        self._app = app
        self._password = password
        self._guesses = guesses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._password is None or scope["type"] != "http" or self._is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        bearer = headers.get("authorization", "")
        if _is_in(headers.get("cookie", ""), self._password):
            await self._app(scope, receive, send)
        elif bearer and self._guesses.too_many():
            await _too_many()(scope, receive, send)
        elif bearer and _same(bearer, f"Bearer {self._password}"):
            await self._app(scope, receive, send)
        else:
            if bearer:
                self._guesses.was_wrong()
                log.warning("wrong_password", by="a program")
            await _refusal(scope, headers)(scope, receive, send)

    def _is_open(self, path: str) -> bool:
        return path in OPEN or path.startswith("/static/")


async def ask(request: Request) -> Response:
    """GET: the form."""
    return render(request, "login.html", to=_inside(request.query_params.get("to", "")), problem="")


async def log_in(request: Request) -> Response:
    """POST the form: the password, and `to`, the address to go to afterwards."""
    deps: Deps = request.app.state.deps
    guesses: Guesses = request.app.state.guesses
    given = await form_of(request)
    to = _inside(given.get("to", ""))
    if deps.password is None:
        return RedirectResponse(to, 303)
    if guesses.too_many():
        return render(request, "login.html", status=429, to=to, problem="Too many wrong passwords. Wait a minute.")
    if not _same(given.get("password", ""), deps.password):
        guesses.was_wrong()
        log.warning("wrong_password", by="a browser")
        await asyncio.sleep(0.3)
        return render(request, "login.html", status=403, to=to, problem="That is not the password.")
    answer = RedirectResponse(to, 303)
    # The browser's Origin tells whether it used TLS, also through a proxy; the cookie is then for TLS only.
    secure = request.headers.get("origin", "").startswith("https://")
    token = TimestampSigner(deps.password, salt=COOKIE).sign(_IN).decode()
    answer.set_cookie(COOKIE, token, max_age=LASTS, httponly=True, samesite="strict", secure=secure)
    return answer


async def log_out(_request: Request) -> Response:
    """POST: forget this browser."""
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _is_in(cookies: str, password: str) -> bool:
    # SimpleCookie stops at the first malformed cookie, and other programs on this host may set one.
    token = cookie_parser(cookies).get(COOKIE, "")
    try:
        return TimestampSigner(password, salt=COOKIE).unsign(token, max_age=LASTS) == _IN
    except BadSignature:
        return False


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _inside(to: str) -> str:
    """`to` if it is an address of this page, else the desk: a login must not redirect to another site."""
    return to if to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable() else "/desk"


def _refusal(scope: Scope, headers: Headers) -> Response:
    if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
        return RedirectResponse(f"/login?to={quote(scope['path'])}", 303)
    return JSONResponse({"error": "Log in, or send Authorization: Bearer and the password."}, 401)


def _too_many() -> Response:
    return JSONResponse({"error": "Too many wrong passwords. Wait a minute."}, 429, {"retry-after": f"{WITHIN:.0f}"})
