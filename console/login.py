"""A password before the page, where one is set: a form for people, a header for programs.

Whoever is in has a signed cookie. It is signed with the password itself, so nothing is stored, a restart logs nobody
out, and another password logs everybody out. It is sent to this host alone, and with no request of another site's.
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
"""Seconds for which somebody stays logged in."""

MOST_GUESSES = 10
WITHIN = 60.0
"""So many wrong passwords in so many seconds, from anywhere, and nobody's is looked at any more until they are over."""

OPEN = frozenset({"/login", "/healthz", "/readyz"})
_IN = b"in"

log = structlog.get_logger("recado.console")


class Guesses:
    """How often somebody was wrong lately. One count for all, since an address says little of who is behind it."""

    def __init__(self) -> None:
        self._wrong: deque[float] = deque()

    def too_many(self) -> bool:
        while self._wrong and self._wrong[0] < time.monotonic() - WITHIN:
            self._wrong.popleft()
        return len(self._wrong) >= MOST_GUESSES

    def was_wrong(self) -> None:
        self._wrong.append(time.monotonic())


class Locked:
    """ASGI middleware: lets in who knows `password`, and everybody where there is none."""

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
    """POST the form: the password, and where to go then."""
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
    # The browser says how it came here, whatever stands between: with TLS the cookie is for TLS alone.
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
    # SimpleCookie stops at the first cookie that it cannot read; other programs on this host set such ones.
    token = cookie_parser(cookies).get(COOKIE, "")
    try:
        return TimestampSigner(password, salt=COOKIE).unsign(token, max_age=LASTS) == _IN
    except BadSignature:
        return False


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _inside(to: str) -> str:
    """The address if it is one of ours, for nobody shall be sent elsewhere after the password."""
    return to if to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable() else "/desk"


def _refusal(scope: Scope, headers: Headers) -> Response:
    if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
        return RedirectResponse(f"/login?to={quote(scope['path'])}", 303)
    return JSONResponse({"error": "Log in, or send Authorization: Bearer and the password."}, 401)


def _too_many() -> Response:
    return JSONResponse({"error": "Too many wrong passwords. Wait a minute."}, 429, {"retry-after": f"{WITHIN:.0f}"})
