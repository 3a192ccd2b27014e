"""The way to the provider and back.

The browser comes back by a redirect of another site, so it sends no cookie that is `SameSite=Strict`, neither with that
request nor with one to which that request redirects. The sign-in's own cookie is therefore `Lax`, and who came back
gets a page that goes on by itself: a step from our own page to our own page, with the cookie of the session.
"""

from __future__ import annotations

import re
from urllib.parse import quote

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.deps import Deps
from console.guesses import Guesses, Visitor
from console.languages import marked, translate_of
from console.login import CLOSED, in_session, inside, login_form
from console.rendering import render
from console.sign_in.attempts import LASTS, Attempt
from console.sign_in.provider import CodeRefused, ProviderFault
from console.sign_in.sign_in import BACK, Email, SignIn, TokenInvalid
from events.users import StoredUser, name_of

START = "/login/oidc"

_NO_USER = marked("There is no user yet: make the first one with recado user add, on the machine of recado.")
_NOT_HERE = marked(
    "This sign-in was not begun in this browser, is older than ten minutes, was used already, or recado was started "
    "again meanwhile. Begin again."
)
_NO_ANSWER = marked(
    "%(provider)s does not answer as it should; the log of recado has the reason. Try again, or log in with a password."
)
_NOT_TRUSTED = marked(
    "What %(provider)s says of you cannot be trusted, so you are not logged in; the log of recado has the reason."
)
_NOT_SIGNED_IN = marked("%(provider)s did not sign you in (%(error)s). Begin again.")
_NO_EMAIL = marked("%(provider)s tells no e-mail address of yours, or has not verified it. Nobody was logged in.")
_NO_SUCH_USER = marked(
    "%(email)s is the name of no user here. Ask for one: recado user add makes it, on the machine of recado."
)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_ERROR = re.compile(r"[a-z_]{1,40}", re.ASCII)

log = structlog.get_logger("recado.console")


def routes() -> list[Route]:
    return [Route(START, begin), Route(BACK, come_back)]


async def begin(request: Request) -> Response:
    """GET with `to`: sends the browser to the provider, with a cookie by which it is known again."""
    to = inside(request, request.query_params.get("to", ""))
    sign_in = _sign_in(request)
    if sign_in is None:
        return RedirectResponse("/login", 303)
    if (closed := _closed(request, to)) is not None:
        return closed
    if not sign_in.is_here(request.headers.get("host", "")):
        return RedirectResponse(f"{sign_in.page}/login?to={quote(to)}", 303)
    attempt = sign_in.attempts.begin(to)
    try:
        answer = RedirectResponse(await sign_in.address(attempt), 303, {"cache-control": "no-store"})
    except ProviderFault as fault:
        return _failed(request, sign_in, to, fault)
    cookie = sign_in.attempts.cookie(attempt)
    answer.set_cookie(
        _cookie(request, sign_in), cookie, max_age=LASTS, httponly=True, samesite="lax", secure=sign_in.is_secure
    )
    return answer


async def come_back(request: Request) -> Response:
    """GET with `state`, and `code` or `error`: who signed in is let in, if they are a user."""
    sign_in = _sign_in(request)
    if sign_in is None:
        return RedirectResponse("/login", 303)
    if (closed := _closed(request, "/desk")) is not None:
        return closed
    name, given = _cookie(request, sign_in), request.query_params
    attempt = sign_in.attempts.take(request.cookies.get(name, ""), given.get("state", ""))
    if attempt is None:
        log.warning(
            "sign_in_refused",
            reason="not begun in this browser, too old, used, or of an earlier start",
            address=_address(request),
        )
        return login_form(request, 403, "/desk", _NOT_HERE)
    answer = await _let_in(request, sign_in, attempt)
    answer.delete_cookie(name, httponly=True, samesite="lax", secure=sign_in.is_secure)
    return answer


async def _let_in(request: Request, sign_in: SignIn, attempt: Attempt) -> Response:
    """The answer to a browser that began this sign-in."""
    guesses: Guesses = request.app.state.guesses
    visitor: Visitor = request.scope["visitor"]
    if (reason := guesses.too_many(visitor)) is not None:
        return login_form(request, 429, attempt.to, reason)
    guess = guesses.count(visitor)
    try:
        email = await _email(request, sign_in, attempt)
    except ProviderFault as fault:
        guesses.take_back(guess)
        return _failed(request, sign_in, attempt.to, fault)
    except CodeRefused:
        return _refused(request, sign_in, attempt, _NOT_SIGNED_IN, "the provider did not take the code", error="code")
    except TokenInvalid as invalid:
        return _refused(request, sign_in, attempt, _NOT_TRUSTED, invalid)
    if not isinstance(email, Email):
        return email
    if not email.is_verified or not _EMAIL.fullmatch(email.address):
        return _refused(request, sign_in, attempt, _NO_EMAIL, "no verified e-mail address")
    entry = _deps(request).entrance.entry(email.address)
    if entry is None:
        why = f"{email.address[:1]}…@{email.address.partition('@')[2]} is no user"
        shown = email.address if name_of(email.address) is not None else email.address[:100]
        return _refused(request, sign_in, attempt, _NO_SUCH_USER, why, email=shown)
    guesses.take_back(guess)
    return _logged_in(request, sign_in, attempt, entry)


async def _email(request: Request, sign_in: SignIn, attempt: Attempt) -> Email | Response:
    """The person who signed in, or the answer where nobody did. Raises CodeRefused, ProviderFault, TokenInvalid."""
    given = request.query_params
    issuer = given.get("iss", "" if await sign_in.names_itself() else sign_in.issuer)
    if issuer != sign_in.issuer:
        raise TokenInvalid("another provider sent the browser back")
    error, code = given.get("error", ""), given.get("code", "")
    if error or not code or len(code) > 4_096:
        error = error if _ERROR.fullmatch(error) else "no code"
        return _refused(request, sign_in, attempt, _NOT_SIGNED_IN, f"the provider says {error}", error=error)
    return await sign_in.email(attempt, code)


def _logged_in(request: Request, sign_in: SignIn, attempt: Attempt, entry: StoredUser) -> Response:
    log.info("logged_in", address=_address(request), user=entry.name, by="oidc")
    answer = render(request, "signed_in.html", to=attempt.to)
    return in_session(request, answer, entry.name, entry.logins, secure=sign_in.is_secure)


def _refused(
    request: Request, sign_in: SignIn, attempt: Attempt, text: str, reason: str | TokenInvalid, **values: object
) -> Response:
    log.warning("sign_in_refused", provider=sign_in.name, reason=str(reason), address=_address(request))
    said = translate_of(request)(text, **{"provider": sign_in.name} | values)
    return login_form(request, 403, attempt.to, said)


def _failed(request: Request, sign_in: SignIn, to: str, fault: ProviderFault) -> Response:
    log.warning("sign_in_failed", provider=sign_in.name, reason=str(fault))
    return login_form(request, 502, to, translate_of(request)(_NO_ANSWER, provider=sign_in.name))


def _closed(request: Request, to: str) -> Response | None:
    """The answer where there is no user to sign in as."""
    mode = _deps(request).entrance.mode
    if mode == "users":
        return None
    return RedirectResponse(to, 303) if mode == "open" else login_form(request, 503, to, CLOSED.get(mode, _NO_USER))


def _cookie(request: Request, sign_in: SignIn) -> str:
    """The cookie's name; with TLS no neighbour of the host can set one of this name."""
    sessions = _deps(request).entrance.sessions
    name = sessions.cookie if sessions is not None else "recado"
    return f"{'__Host-' if sign_in.is_secure else ''}{name}-oidc"


def _sign_in(request: Request) -> SignIn | None:
    return _deps(request).entrance.sign_in


def _deps(request: Request) -> Deps:
    deps: Deps = request.app.state.deps
    return deps


def _address(request: Request) -> str:
    visitor: Visitor = request.scope["visitor"]
    return visitor.address
