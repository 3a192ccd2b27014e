"""Says who asks for a page, and which rights they have: one table over all routes.

A page that a user may not see is none for them: 404, as for an address that there is not. A route that is not in the
table stops the start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import NamedTuple

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from console.languages import marked
from events.subjects import untoken
from events.users import ROLES, Role, User

_OF_ANOTHER = marked("%(now)s has logged in here, and this page is of %(user)s. Nothing was done. Load the page again.")


class Rule(NamedTuple):
    """The users who may use a route.

    - `role`: the least role; None: no login is needed.
    - `account`: finds the account of the request, which the user has to see; None: it has none, or its page limits
      itself to the accounts of its user.
    - `seen`: the least role that may know of the page, where a form on it needs a higher one.
    """

    role: Role | None
    account: Callable[[Request], str] | None = None
    seen: Role | None = None


class RuleMissing(Exception):
    """A route is not in the table."""

    def __init__(self, route: str) -> None:
        super().__init__(f"the route {route} has no rule in console/access.py: say who may use it")


class Denied(HTTPException):
    """The user may not do this: `text` says why, with the names of its `values`."""

    status = 403

    def __init__(self, text: str, **values: str) -> None:
        super().__init__(self.status, text % values)
        self.text = text
        self.values = values


class PageOfAnother(Denied):
    """The page was made for another user than the one who is logged in now; its script is told that one's name."""

    status = 409

    def __init__(self, user: User, page_of: str) -> None:
        super().__init__(_OF_ANOTHER, now=user.name, user=page_of)
        self.headers = {ANSWERED: user.name}


def user_of(request: Request) -> User:
    """The user who sent the request."""
    user: User = request.scope["user"]
    return user


def rights_of(user: User) -> str:
    """A mark of what the user may do: it is another one once that changes."""
    return sha256(msgspec.json.encode((user.role, user.accounts))).hexdigest()[:16]


ASKED = "recado-page-of"
"""The header by which the script of a page says for whom the page was made."""

FIELD = "page_of"
"""The field by which its forms say so, and its streams, which a browser asks for without a header of ours."""

ANSWERED = "recado-user"
"""The header by which the script learns that another user has logged in since."""


def check_page(request: Request, page_of: str | None) -> None:
    """`page_of`: the user for whom the page was made; None: it does not say, as that of a program. Raises
    PageOfAnother."""
    user: User | None = request.scope.get("user")
    if user is not None and page_of and page_of != user.name:
        raise PageOfAnother(user, page_of)


def of_path(request: Request) -> str:
    return untoken(request.path_params["account"])


def of_query(request: Request) -> str:
    """`?account=`; without it that of the simulated phones."""
    return request.query_params.get("account") or of_phones(request)


def of_phones(request: Request) -> str:
    account: str = request.app.state.deps.account
    return account


_OPEN = Rule(None)
_SEEN = Rule("viewer")
_OWNED = Rule("owner")
_READ = Rule("agent")
"""The rule of pages that an agent reads and an owner changes."""

_CHAT = "/desk/chats/{account}/{chat}"
_OF_CHAT = Rule("viewer", of_path)
_ORDER = Rule("agent", of_path, seen="viewer")
_PHONE = "/api/chats/{chat}"
_OF_PHONE = Rule("viewer", of_query)
_FILES = "/desk/files/{account}"
_PAIR = "/desk/documents/{collection}/pair"

RULES: Mapping[str, Rule] = {
    "GET /login": _OPEN,
    "POST /login": _OPEN,
    "GET /login/oidc": _OPEN,
    "GET /login/oidc/back": _OPEN,
    "POST /language": _OPEN,
    "GET /static/words/{tag}.js": _OPEN,
    "GET /healthz": _OPEN,
    "GET /readyz": _OPEN,
    "POST /logout": _SEEN,
    "GET /metrics": _OWNED,
    # The chats.
    "GET /desk": _SEEN,
    f"GET {_CHAT}": _OF_CHAT,
    f"GET {_CHAT}/why/{{id:path}}": _OF_CHAT,
    f"GET {_CHAT}/parts/{{seq:int}}/{{number:int}}": _OF_CHAT,
    f"GET {_CHAT}/media/{{seq:int}}": _OF_CHAT,
    f"GET {_CHAT}/{{command}}": _ORDER,
    f"POST {_CHAT}/orders": _ORDER,
    f"POST {_CHAT}/looking": _OF_CHAT,
    f"GET {_CHAT}/template": _ORDER,
    f"POST {_CHAT}/template": _ORDER,
    "GET /desk/numbers": _SEEN,
    # Documents and files.
    "GET /desk/files": _READ,
    f"GET {_FILES}": Rule("agent", of_path),
    f"GET {_FILES}/content": Rule("agent", of_path),
    f"GET {_FILES}/places": Rule("agent", of_path),
    f"POST {_FILES}": Rule("owner", of_path, seen="agent"),
    f"POST {_FILES}/places": Rule("owner", of_path, seen="agent"),
    f"GET {_FILES}/remove": Rule("owner", of_path),
    f"POST {_FILES}/remove": Rule("owner", of_path),
    "GET /desk/documents": _READ,
    "GET /desk/documents/{collection}": _READ,
    "GET /desk/documents/{collection}/document": _READ,
    "GET /desk/documents/{collection}/remove": _OWNED,
    "POST /desk/documents/{collection}/remove": _OWNED,
    "GET /desk/documents/drafts/open": _READ,
    "GET /desk/documents/drafts/one": _OWNED,
    "POST /desk/documents/drafts/one": _OWNED,
    f"GET {_PAIR}": _OWNED,
    f"POST {_PAIR}": _OWNED,
    # The answering of chats.
    "GET /desk/instances": _OWNED,
    "GET /desk/settings": _OWNED,
    "GET /desk/profiles": _OWNED,
    "POST /desk/profiles": _OWNED,
    "GET /desk/profiles/{name}": _OWNED,
    "POST /desk/profiles/{name}": _OWNED,
    "GET /desk/profiles/{name}/trials/{id}": _OWNED,
    "POST /desk/profiles/{name}/trials/{id}": _OWNED,
    # One's own login.
    "GET /desk/me": _SEEN,
    "POST /desk/me": _SEEN,
    # The simulated phones, and the streams of all chats.
    "GET /": Rule("viewer", of_phones),
    "GET /api/overview": Rule("viewer", of_phones),
    "POST /api/messages": Rule("agent", of_phones, seen="viewer"),
    f"GET {_PHONE}/history": _OF_PHONE,
    f"GET {_PHONE}/files/{{seq:int}}/{{number:int}}": _OF_PHONE,
    f"POST {_PHONE}/seen": Rule("agent", of_query, seen="viewer"),
    f"GET {_PHONE}/stream": _OF_PHONE,
}
"""By method and path, as the routes have them; HEAD is asked as GET."""

OPEN_FOLDER = "/static"
"""The folder of files that need no login."""

OWNERS_ORDERS = frozenset({"erase"})
"""Orders about a chat that only an owner gives; agents give the others."""

_OPEN_PATHS = frozenset(route.partition(" ")[2] for route, rule in RULES.items() if rule.role is None)


def is_open(path: str) -> bool:
    """True if the address needs no login."""
    return path in _OPEN_PATHS or path.startswith(OPEN_FOLDER + "/")


def seen_of(user: User, accounts: Iterable[str]) -> tuple[str, ...]:
    """Those of the accounts that the user may see."""
    return tuple(account for account in accounts if user.sees(account))


def may_order(user: User, command: str) -> bool:
    """True if the user may give the order in a chat that they see."""
    return user.acts and (user.role == "owner" or command not in OWNERS_ORDERS)


def guard(routes: Iterable[BaseRoute]) -> None:
    """Have each route look at its rule first. Raises RuleMissing."""
    for route in routes:
        if isinstance(route, Route):
            methods = sorted((route.methods or set()) - {"HEAD"})
            route.app = _Checked(route.app, {method: _rule(f"{method} {route.path}") for method in methods})
        elif not (isinstance(route, Mount) and route.path == OPEN_FOLDER):
            raise RuleMissing(str(getattr(route, "path", route)))


def _rule(route: str) -> Rule:
    if (rule := RULES.get(route)) is None:
        raise RuleMissing(route)
    return rule


class _Checked:
    """An ASGI app behind the rules of its route, by method."""

    def __init__(self, app: ASGIApp, rules: Mapping[str, Rule]) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        rule = self._rules["GET" if scope["method"] == "HEAD" else scope["method"]]
        if rule.role is not None:
            request = Request(scope)
            check_page(request, request.headers.get(ASKED) or request.query_params.get(FIELD))
            _check(request, rule, rule.role)
        await self._app(scope, receive, send)


def _check(request: Request, rule: Rule, role: Role) -> None:
    """Raises HTTPException."""
    user = user_of(request)
    if rule.account is not None and not user.sees(rule.account(request)):
        raise HTTPException(404)
    if not _reaches(user, rule.seen or role):
        raise HTTPException(404)
    if not _reaches(user, role):
        raise Denied(
            "Your login is that of a %(role)s, and this takes the rights of an %(least)s. Nothing was done.",
            role=user.role,
            least=role,
        )


def _reaches(user: User, role: Role) -> bool:
    return ROLES.index(user.role) <= ROLES.index(role)
