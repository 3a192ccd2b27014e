"""Renders the desk's templates in the language of the page, with every value escaped."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import quote

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from chat.unseen import unturned
from console import days, wording
from console.access import rights_of
from console.conversation import kind_of, words_in
from console.deps import Deps
from console.formatting import formatted, plain
from console.languages import ADDRESSES, LANGUAGES, Translate, translate_of
from console.shown_parts import is_quotable
from console.standing import standing
from console.wording import person
from events.jid import is_group
from events.subjects import ChatKey, token
from events.users import NOBODY, User
from projections.words import folded, place_in, sought

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=["jinja2.ext.i18n"],
)
_templates.policies["ext.i18n.trimmed"] = True

log = structlog.get_logger("recado.console")

_AROUND = 240
"""Characters of a search result's text that are shown."""


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """The template as a page, with `values` escaped."""
    deps: Deps = request.app.state.deps
    translate = translate_of(request)
    user: User = request.scope["user"] or NOBODY
    owns, reads = user.role == "owner", user.acts
    base = {
        "standing": standing(deps, translate),
        "phones": deps.simulator is not None and user.sees(deps.account),
        "profiled": deps.profiles is not None and owns,
        "filed": deps.library is not None and reads,
        "documented": deps.documents is not None and reads,
        "locked": request.scope["session"] is not None,
        "user": user,
        "rights": rights_of(user),
        "owns": owns,
        "named": deps.entrance.named(user.name) is not None,
        "path": request.url.path,
        "translate": translate,
        "language": translate.language,
        "languages": LANGUAGES,
        "words": ADDRESSES.get(translate.language.tag),
    }
    page = _templates.get_template(template).render(base | values)
    return HTMLResponse(page, status, {"cache-control": "no-store"})


@pass_context
def part(context: Context, template: str, one: Any, **values: Any) -> Markup:
    """One line of a list. A line that cannot be shown says so, with its sequence in the log, and the others go on."""
    try:
        return Markup(_templates.get_template(template).render(one=one, translate=context["translate"], **values))  # noqa: S704 - the template escapes
    except Exception:
        seq = getattr(getattr(one, "entry", one), "seq", None)
        log.exception("not_shown", template=template, seq=seq)
        _: Translate = context["translate"]
        said = _("This cannot be shown (event %(number)s).", number=seq) if seq else _("This cannot be shown.")
        return Markup('<li class="unshown"><em>{}</em></li>').format(said)


def time(at: datetime | None) -> Markup:
    """A time in UTC, which the browser writes in its own zone; as it was given at the very end of the calendar, where
    UTC has no such time."""
    if at is None:
        return Markup("")
    try:
        at = at.astimezone(UTC)
    except OverflowError:
        return Markup("<time>{}</time>").format(at.isoformat(" "))
    return Markup('<time datetime="{}">{} UTC</time>').format(f"{at:%Y-%m-%dT%H:%M:%S}Z", f"{at:%Y-%m-%d %H:%M:%S}")


def address_of(key: ChatKey) -> str:
    """The address of a chat in the desk."""
    return f"/desk/chats/{token(key.account)}/{quote(key.chat, safe='')}"


def around(text: str, words: str) -> str:
    """The part of a text around the first of `words` that occurs in it."""
    found = folded(text)
    forms = (part for one in sought(words) for form in one.forms for part in form)
    at = next((place for word in forms if (place := found.find(word)) >= 0), 0)
    begin = max(0, place_in(text, at) - _AROUND // 3)
    shown = text[begin : begin + _AROUND]
    return ("…" if begin else "") + shown + ("…" if begin + _AROUND < len(text) else "")


def described(text: str) -> Markup:
    """A description in Markdown as HTML: its code, and of its links the words."""
    parts = re.split(r"`([^`]+)`", re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text))
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(part) if number % 2 else part for number, part in enumerate(parts))


def _worded(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of console.wording as a filter, which says it in the language of the page."""

    @pass_context
    def said(context: Context, one: Any) -> Any:
        return function(context["translate"], one)

    return said


@pass_context
def _gettext(context: Context, text: str) -> str:
    return context["translate"].gettext(text)  # type: ignore[no-any-return]


@pass_context
def _ngettext(context: Context, one: str, many: str, num: int) -> str:
    return context["translate"].form(one, many, num)  # type: ignore[no-any-return]


_templates.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
_templates.globals |= {"part": part, "fresh_id": lambda: token_hex(8)}
_templates.filters |= {
    "address": lambda view: address_of(ChatKey(view.account, view.chat)),
    "around": around,
    "folded": folded,
    "time": time,
    "person": person,
    "described": described,
    "quotable": is_quotable,
    "web": lambda url: url is not None and url.startswith(("https://", "http://")),
    "group": is_group,
}
_templates.filters |= {
    "clock": days.clock,
    "day": pass_context(lambda context, one, today: days.day(context["translate"], one, today)),
    "formatted": lambda text: formatted(text or ""),
    "plain": plain,
    "unturned": unturned,
    "short": pass_context(lambda context, at, zone, today: days.short(context["translate"], at, zone, today)),
    "kind_words": pass_context(lambda context, one: wording.kind_words(context["translate"], kind_of(one))),
    "words_in": words_in,
}
_templates.filters |= {
    function.__name__: _worded(function)
    for function in (
        wording.called,
        wording.chose,
        wording.count,
        wording.dollars,
        wording.fault,
        wording.kind,
        wording.kind_named,
        wording.mark,
        wording.named_file,
        wording.partly,
        wording.stored,
        wording.plainly,
        wording.refers,
        wording.said,
        wording.sent,
        wording.size,
        wording.speaker,
        wording.template_state,
        wording.translated,
    )
}
