"""Says which chats users have seen, and who has one open: an open page tells it, and is told of the others."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from console.access import user_of
from console.deps import Deps
from console.desk import deps_of, key_of, view_of
from console.forms import form_of
from console.problems import Problem
from events.numbers import whole_number
from events.subjects import ChatKey
from events.users import User


async def look(request: Request) -> Response:
    """POST from a page that is visible: the user has the chat open. A form:

    - `upto`: the sequence of the log up to which the page shows the chat.
    - `writing`: not empty: the user is typing.
    - `left`: not empty: the page is closed, or hidden.
    """
    deps, key, user = deps_of(request), key_of(request), user_of(request)
    given = await form_of(request)
    await view_of(deps, key)
    if given.get("left"):
        deps.seen.leave(key, user.name)
        return Response(status_code=204)
    deps.seen.look(key, user.name, writing=bool(given.get("writing")))
    upto = given.get("upto", "")
    if upto:
        if (seq := whole_number(upto)) is None:
            raise Problem(400, "upto is a sequence of the log, a whole number.")
        await _mark(deps, key, user, seq)
    return Response(status_code=204)


async def _mark(deps: Deps, key: ChatKey, user: User, upto: int) -> None:
    """The user has seen the chat up to there. Only users who may answer count: a viewer cannot answer."""
    if user.acts and upto > deps.seen.upto(key):
        deps.seen.mark(key, min(upto, await deps.read(deps.queries.checkpoint)), user.name)
