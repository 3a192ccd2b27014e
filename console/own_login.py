"""The page of one's own login: who one is here, another password, and the end of all one's sessions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from secrets import token_hex

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.access import user_of
from console.deps import Deps
from console.forms import form_of
from console.guesses import Guesses, Visitor
from console.known_users import KnownUsers
from console.languages import marked
from console.login import begun
from console.passwords import fault_of
from console.problems import NOT_CHANGED, Problem, unstored
from console.rendering import render
from events.log import LogError
from events.phrases import Phrase
from events.users import StoredUser

log = structlog.get_logger("recado.users")


def routes() -> list[Route]:
    return [Route("/desk/me", show), Route("/desk/me", change, methods=["POST"])]


async def show(request: Request) -> Response:
    """GET: the user, and the forms."""
    _users(request)
    return _page(request)


async def change(request: Request) -> Response:
    """POST `do`: password, with `now`, `password` and `again`, or logout, which ends the sessions everywhere."""
    users, given = _users(request), await form_of(request)
    do = given.get("do", "")
    if do not in ("password", "logout"):
        raise Problem(400, "%(do)s is not done here.", do=f"{do[:40]!r}")
    try:
        if do == "logout":
            await users.change(user_of(request), _now(request), logins=token_hex(8))
            return RedirectResponse("/login", 303)
        return await _other_password(request, users, given)
    except LogError as error:
        return _page(request, 503, Phrase(unstored(error, NOT_CHANGED), reason=error))


async def _other_password(request: Request, users: KnownUsers, given: Mapping[str, str]) -> Response:
    deps: Deps = request.app.state.deps
    guesses: Guesses = request.app.state.guesses
    visitor: Visitor = request.scope["visitor"]
    entry, password = _entry(request), given.get("password", "")
    if (reason := guesses.too_many(visitor, entry.name)) is not None:
        return _page(request, 429, reason)
    guess = guesses.count(visitor, entry.name)
    if not await deps.passwords.matches(entry.password, given.get("now", ""), known=visitor.known):
        guesses.tell(visitor, by="a browser", user=entry.name)
        return _page(request, 403, marked("That is not your password now. Nothing was changed."))
    guesses.take_back(guess)
    if (fault := fault_of(password, entry.name)) is not None:
        return _page(request, 400, fault)
    if password != given.get("again", ""):
        return _page(request, 400, marked("The new password is not the same both times. Nothing was changed."))
    hashed, logins = await deps.passwords.hashed(password), token_hex(8)
    if await users.change(user_of(request), _now(request), password=hashed, logins=logins) is None:
        raise Problem(404, "There is no such user any more.")
    return begun(request, "/desk/me?said=password", entry.name, logins)


def _now(request: Request) -> datetime:
    deps: Deps = request.app.state.deps
    return deps.now()


def _page(request: Request, status: int = 200, problem: Phrase | None = None) -> Response:
    said = marked("Your password is changed, and you are logged out everywhere else.")
    is_said = not problem and request.query_params.get("said") == "password"
    values = {"has_password": bool(_entry(request).password), "problem": problem, "said": said if is_said else ""}
    return render(request, "me.html", status=status, **values)


def _users(request: Request) -> KnownUsers:
    """The users. Raises Problem where the one who asks is none of them."""
    deps: Deps = request.app.state.deps
    if deps.entrance.users is None or deps.entrance.mode != "users":
        raise Problem(404, "There is no such page.")
    _entry(request)
    return deps.entrance.users


def _entry(request: Request) -> StoredUser:
    deps: Deps = request.app.state.deps
    users = deps.entrance.users
    entry = users.find(user_of(request).name) if users is not None else None
    if entry is None:
        raise Problem(404, "There is no such page.")
    return entry
