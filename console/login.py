"""The page's password, if one is set: a form for people, a header for programs.

A browser that is logged in has a cookie that names its session (console/sessions.py). Browsers send the cookie to this
host only, and with no request that another site causes.
"""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import structlog
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from console.deps import Deps
from console.forms import form_of
from console.guesses import WITHIN, Guesses, Visitor, visitor_of
from console.problems import is_for_people
from console.rendering import render
from console.sessions import KNOWN, Sessions
from events.users import PAGE

OPEN = frozenset({"/login", "/language", "/healthz", "/readyz"})
_BEARER = "Bearer "
_LOGGED_OUT = "You were logged out, so nothing was done. What you typed is in your form again after you log in."
_LOGGED_OUT_ELSEWHERE = (
    "You were logged out, so nothing was done. Log in, then go back in your browser to the form: most browsers still "
    "have what you typed."
)

log = structlog.get_logger("recado.console")


class Locked:
    """ASGI middleware: lets in logged-in browsers and requests with the password, and everyone if there are no
    `sessions`. `scope["visitor"]` is then the Visitor, `scope["user"]` the User, and `scope["session"]` the browser
    whose session let the request in."""

    def __init__(self, app: ASGIApp, sessions: Sessions | None, guesses: Guesses) -> None:
        self._app = app
        self._sessions = sessions
        self._guesses = guesses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        visitor = visitor_of(scope, headers.get("cookie", ""), self._sessions)
        scope["visitor"], scope["session"], scope["user"] = visitor, None, PAGE
        refusal: Response | None = None
        if self._sessions is not None and not _is_open(scope["path"]):
            if visitor.browser is not None and self._sessions.is_in(visitor.browser):
                scope["session"] = visitor.browser
            else:
                refusal = self._refusal(self._sessions, visitor, scope, headers)
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, sessions: Sessions, visitor: Visitor, scope: Scope, headers: Headers) -> Response | None:
        """The answer to a request without a session; None if it has the password."""
        bearer = headers.get("authorization", "")
        if bearer:
            if (reason := self._guesses.too_many(visitor)) is not None:
                return JSONResponse({"error": reason}, 429, {"retry-after": f"{WITHIN:.0f}"})
            if bearer.startswith(_BEARER) and sessions.is_password(bearer.removeprefix(_BEARER)):
                sessions.let_in(visitor.address)
                return None
            self._guesses.was_wrong(visitor, by="a program")
        if is_for_people(headers):
            if scope["method"] == "GET":
                return RedirectResponse(f"/login?to={quote(scope['path'])}", 303)
            chat, is_order, _ = scope["path"].rpartition("/orders")
            form = chat if is_order or not scope["path"].startswith("/desk/") else scope["path"]
            problem = _LOGGED_OUT if is_order else _LOGGED_OUT_ELSEWHERE
            return render(Request(scope), "login.html", status=401, to=_inside(quote(form)), problem=problem)
        return JSONResponse({"error": "Log in, or send Authorization: Bearer and the password."}, 401)


async def ask(request: Request) -> Response:
    """GET: the form."""
    return render(request, "login.html", to=_inside(request.query_params.get("to", "")), problem="")


async def log_in(request: Request) -> Response:
    """POST the form: the password, and `to`, the address to go to afterwards."""
    deps: Deps = request.app.state.deps
    guesses: Guesses = request.app.state.guesses
    visitor: Visitor = request.scope["visitor"]
    given = await form_of(request)
    to = _inside(given.get("to", ""))
    if deps.sessions is None:
        return RedirectResponse(to, 303)
    if (reason := guesses.too_many(visitor)) is not None:
        return render(request, "login.html", status=429, to=to, problem=reason)
    if not deps.sessions.is_password(given.get("password", "")):
        guesses.was_wrong(visitor, by="a browser")
        await asyncio.sleep(0.3)
        return render(request, "login.html", status=403, to=to, problem="That is not the password.")
    log.info("logged_in", address=visitor.address)
    answer = RedirectResponse(to, 303)
    # The browser's Origin tells whether it used TLS, also through a proxy; the cookie is then for TLS only.
    secure = request.headers.get("origin", "").startswith("https://")
    token = deps.sessions.begin(visitor.browser, visitor.address)
    answer.set_cookie(deps.sessions.cookie, token, max_age=KNOWN, httponly=True, samesite="strict", secure=secure)
    return answer


async def log_out(request: Request) -> Response:
    """POST: end the session. The cookie stays, and says no more than that the browser has been here."""
    deps: Deps = request.app.state.deps
    if deps.sessions is not None and request.scope["session"] is not None:
        deps.sessions.end(request.scope["session"])
    return RedirectResponse("/login", 303)


def _is_open(path: str) -> bool:
    return path in OPEN or path.startswith("/static/")


def _inside(to: str) -> str:
    """`to` if it is an address of this page, else the desk: a login must not redirect to another site."""
    return to if to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable() else "/desk"
