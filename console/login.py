"""Logging in: a form for people, a header for programs, and a proxy's word about its user.

A browser that is logged in has a cookie that names its session (console/sessions.py). Browsers send the cookie to this
host only, and with no request that another site causes.
"""

from __future__ import annotations

import asyncio
import re
from urllib.parse import quote, unquote

import structlog
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from console.access import is_open
from console.deps import Deps
from console.entrance import Entrance, LetIn, ProxyHeader
from console.forms import form_of
from console.guesses import WITHIN, Guesses, Visitor, visitor_of
from console.languages import marked
from console.problems import is_for_people
from console.rendering import render
from console.sessions import KNOWN
from events.users import LONGEST_NAME, PAGE

_BEARER = "Bearer "
_LOGGED_OUT = marked("You were logged out, so nothing was done. What you typed is in your form again after you log in.")
_LOGGED_OUT_ELSEWHERE = marked(
    "You were logged out, so nothing was done. Log in, then go back in your browser to the form: most browsers still "
    "have what you typed."
)
CLOSED = {
    "unread": marked("The users of this page are not known yet: try again in a moment."),
    "shut": marked("This page has no user: make the first one with recado user add, on the machine of recado."),
}

log = structlog.get_logger("recado.console")


class Locked:
    """ASGI middleware: lets in those whom the entrance lets in, and programs with the page's password.

    Of every request `scope["visitor"]` is then the Visitor; of one that was let in `scope["let_in"]` is the LetIn,
    `scope["user"]` its user and `scope["session"]` its browser.
    """

    def __init__(self, app: ASGIApp, entrance: Entrance, guesses: Guesses) -> None:
        self._app = app
        self._entrance = entrance
        self._guesses = guesses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        visitor = visitor_of(scope, headers.get("cookie", ""), self._entrance.sessions)
        scope.update(visitor=visitor, let_in=None, user=None, session=None)
        refusal: Response | None = None
        if not is_open(scope["path"]):
            asked = self._asked(visitor, scope, headers)
            if isinstance(asked, LetIn):
                scope.update(let_in=asked, user=asked.user, session=asked.session)
            else:
                refusal = asked
        await (refusal or self._app)(scope, receive, send)

    def _asked(self, visitor: Visitor, scope: Scope, headers: Headers) -> LetIn | Response:
        """The user who sent the request, or the answer to one that is not let in."""
        entrance, mode = self._entrance, self._entrance.mode
        if mode == "open":
            return LetIn(PAGE, lambda: PAGE if entrance.mode == "open" else None)
        if mode in CLOSED:
            return PlainTextResponse(CLOSED[mode] + "\n", 503)
        told = [value for value in headers.getlist(entrance.proxy.name) if value] if entrance.proxy is not None else []
        if entrance.proxy is not None and told:
            return _told_by(entrance, entrance.proxy, scope, told)
        browser = visitor.browser
        if browser is not None and (user := entrance.in_session(browser)) is not None:
            return LetIn(user, lambda: entrance.in_session(browser), browser)
        return self._without_session(visitor, scope, headers)

    def _without_session(self, visitor: Visitor, scope: Scope, headers: Headers) -> LetIn | Response:
        """The program that has the page's password, or the answer to a request without a session."""
        sessions, bearer = self._entrance.sessions, headers.get("authorization", "")
        if bearer:
            if (reason := self._guesses.too_many(visitor)) is not None:
                return JSONResponse({"error": reason}, 429, {"retry-after": f"{WITHIN:.0f}"})
            password = bearer.removeprefix(_BEARER) if bearer.startswith(_BEARER) else ""
            if sessions is not None and sessions.is_password(password):
                sessions.let_in(visitor.address)
                return LetIn(PAGE, lambda: PAGE)
            self._guesses.was_wrong(visitor, by="a program")
        if is_for_people(headers):
            if scope["method"] == "GET":
                return RedirectResponse(f"/login?to={quote(_address(scope))}", 303)
            chat, is_order, _ = scope["path"].rpartition("/orders")
            form = chat if is_order or not scope["path"].startswith("/desk/") else scope["path"]
            problem = _LOGGED_OUT if is_order else _LOGGED_OUT_ELSEWHERE
            return login_form(Request(scope), 401, inside(Request(scope), quote(form)), problem)
        return JSONResponse({"error": _for_programs(self._entrance)}, 401)


def _address(scope: Scope) -> str:
    """The path and the query as the browser sent them."""
    path, query = scope["raw_path"].decode("ascii", "replace"), scope["query_string"].decode("ascii", "replace")
    return f"{path}?{query}" if query else path


def _told_by(entrance: Entrance, proxy: ProxyHeader, scope: Scope, told: list[str]) -> LetIn | Response:
    """The user who logged in at the proxy."""
    peer = scope.get("peer", "")
    if not proxy.trusts(peer):
        log.warning("proxy_header_refused", header=proxy.name, peer=peer, help="see RECADO_PROXY_ADDRESSES")
        return PlainTextResponse(
            f"The header {proxy.name} is taken from the proxies of RECADO_PROXY_ADDRESSES alone.\n", 403
        )
    user = entrance.named(told[0]) if len(told) == 1 else None
    if user is None:
        log.warning("proxy_user_unknown", header=proxy.name, peer=peer, help="recado user add")
        return PlainTextResponse("The name with which you logged in is that of no user here: ask for one.\n", 403)
    return LetIn(user, lambda: entrance.named(told[0]))


def _for_programs(entrance: Entrance) -> str:
    if entrance.takes_password:
        return "Log in, or send Authorization: Bearer and the page's password."
    return "Log in. A program needs RECADO_PAGE_PASSWORD to be set, and sends it as Authorization: Bearer."


async def ask(request: Request) -> Response:
    """GET: the form."""
    return login_form(request, 200, inside(request, request.query_params.get("to", "")), "")


async def log_in(request: Request) -> Response:
    """POST the form: `name` and `password`, or the page's password alone, and `to`, the address to go to afterwards."""
    entrance = _deps(request).entrance
    given = await form_of(request)
    to = inside(request, given.get("to", ""))
    if entrance.mode == "open":
        return RedirectResponse(to, 303)
    if entrance.mode in CLOSED or entrance.sessions is None:
        return login_form(request, 503, to, CLOSED.get(entrance.mode, ""))
    if entrance.mode == "password":
        return await _with_the_password(request, given.get("password", ""), to)
    return await _with_a_name(request, given.get("name", ""), given.get("password", ""), to)


async def _with_the_password(request: Request, password: str, to: str) -> Response:
    sessions, visitor = _deps(request).entrance.sessions, _visitor(request)
    guesses: Guesses = request.app.state.guesses
    assert sessions is not None  # noqa: S101 - the entrance has a password
    if (reason := guesses.too_many(visitor)) is not None:
        return login_form(request, 429, to, reason)
    if not sessions.is_password(password):
        guesses.was_wrong(visitor, by="a browser")
        await asyncio.sleep(0.3)
        return login_form(request, 403, to, marked("That is not the password."))
    log.info("logged_in", address=visitor.address, user=PAGE.name)
    return begun(request, to, "", "")


async def _with_a_name(request: Request, typed: str, password: str, to: str) -> Response:
    deps, visitor = _deps(request), _visitor(request)
    guesses: Guesses = request.app.state.guesses
    entry = deps.entrance.entry(typed)
    name = entry.name if entry is not None else typed[:LONGEST_NAME].casefold()
    if (reason := guesses.too_many(visitor, name)) is not None:
        return login_form(request, 429, to, reason, typed)
    # It counts before it is known to be wrong: many at once are hashed one after the other.
    guess = guesses.count(visitor, name)
    hashed = entry.password if entry is not None else ""
    is_right = await deps.passwords.matches(hashed, password, known=visitor.known)
    if not is_right or entry is None or deps.entrance.entry(typed) != entry:
        # A name that no user has may be a password that was typed in the wrong field.
        guesses.tell(visitor, by="a browser", user=entry.name if entry is not None else "")
        return login_form(request, 403, to, marked("That is not the name and the password of a user."), typed)
    guesses.take_back(guess)
    log.info("logged_in", address=visitor.address, user=entry.name)
    return begun(request, to, entry.name, entry.logins)


def begun(request: Request, to: str, user: str, logins: str) -> Response:
    """Leads to `to` with the cookie of a new session. One who does not see the simulated phones begins at the desk."""
    deps = _deps(request)
    entry = deps.entrance.entry(user)
    if to == "/" and entry is not None and not entry.user.sees(deps.account):
        to = "/desk"
    # The browser's Origin tells whether it used TLS, also through a proxy.
    secure = request.headers.get("origin", "").startswith("https://")
    return in_session(request, RedirectResponse(to, 303), user, logins, secure=secure)


def in_session(request: Request, answer: Response, user: str, logins: str, *, secure: bool) -> Response:
    """The answer with the cookie of a new session, which is for TLS only if it is `secure`."""
    sessions, visitor = _deps(request).entrance.sessions, _visitor(request)
    assert sessions is not None  # noqa: S101 - without them browsers cannot log in
    token = sessions.begin(visitor.browser, visitor.address, user, logins)
    answer.set_cookie(sessions.cookie, token, max_age=KNOWN, httponly=True, samesite="strict", secure=secure)
    return answer


async def log_out(request: Request) -> Response:
    """POST: end the session. The cookie stays, and says no more than that the browser has been here."""
    sessions = _deps(request).entrance.sessions
    if sessions is not None and request.scope["session"] is not None:
        sessions.end(request.scope["session"])
    return RedirectResponse("/login", 303)


def login_form(request: Request, status: int, to: str, problem: str, name: str = "") -> Response:
    entrance = _deps(request).entrance
    named, sign_in = entrance.mode == "users", entrance.sign_in
    values = {
        "named": named,
        "programs": entrance.takes_password,
        "provider": sign_in.name if sign_in is not None and named else "",
    }
    return render(request, "login.html", status=status, to=to, problem=problem, name=name[:LONGEST_NAME], **values)


def _deps(request: Request) -> Deps:
    deps: Deps = request.app.state.deps
    return deps


def _visitor(request: Request) -> Visitor:
    visitor: Visitor = request.scope["visitor"]
    return visitor


def inside(request: Request, to: str) -> str:
    """`to` if it is the address of a page here behind the login, which a browser may open by GET; else the desk. A
    login must redirect neither to another site nor to the address of a form."""
    if not to.startswith("/") or to.startswith(("//", "/\\")) or not to.isprintable():
        return "/desk"
    path = unquote(re.split("[?#]", to, maxsplit=1)[0])
    opened = {"type": "http", "method": "GET", "path": path, "root_path": ""}
    is_page = any(route.matches(opened)[0] is Match.FULL for route in request.app.routes)
    return to if is_page and not is_open(path) else "/desk"
