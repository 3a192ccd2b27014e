"""The choice of a language at the foot of each page, and the words of the scripts."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.forms import form_of
from console.languages import COOKIE, KEPT_FOR, SCRIPTS, is_language
from console.problems import Problem


async def choose(request: Request) -> Response:
    """POST `language`: the browser keeps the choice, and goes back to the page of the form."""
    given = await form_of(request)
    tag = given.get("language", "")
    if not is_language(tag):
        raise Problem(400, "The desk does not speak this language.")
    answer = RedirectResponse(_page_of(request), 303)
    secure = request.headers.get("origin", "").startswith("https://")
    answer.set_cookie(COOKIE, tag, max_age=KEPT_FOR, httponly=True, samesite="lax", secure=secure)
    return answer


async def words(request: Request) -> Response:
    """GET: the script with the words of a language. Its address changes with them."""
    script = SCRIPTS.get(request.path_params["tag"])
    if script is None:
        raise Problem(404, "There is no such page.")
    return Response(script, 200, {"cache-control": "public, max-age=31536000, immutable"}, "text/javascript")


def _page_of(request: Request) -> str:
    """The page that has the form, as the browser names it; the desk where it does not, or names another site."""
    try:
        page = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/desk"
    to = page.path + (f"?{page.query}" if page.query else "")
    is_ours = page.netloc == request.headers.get("host") and to.startswith("/") and not to.startswith(("//", "/\\"))
    return to if is_ours and to.isprintable() else "/desk"
