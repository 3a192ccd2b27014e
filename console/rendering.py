"""Renders the desk's templates with every value escaped, and formats their times, names and numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import quote

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from console.deps import Deps
from console.shown_parts import is_quotable
from events.jid import is_group
from events.subjects import ChatKey, token
from projections.reads.costs import in_dollars
from projections.reads.spoken import KINDS, kind, speaker
from projections.story.parts import chose
from projections.story.reasons import EXPLAINED, FAILED
from projections.tables.marks import SAID
from projections.words import folded, place_in, sought

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=["jinja2.ext.i18n"],
)
_templates.install_null_translations(newstyle=True)  # type: ignore[attr-defined]

log = structlog.get_logger("recado.console")

_AROUND = 240
"""Characters of a search result's text that are shown."""

_SENT = {
    "accepted": "sent",
    "delivered": "delivered",
    "failed": "not delivered",
    "in_doubt": "in doubt",
    "parked": "perhaps not sent",
    "read": "read",
    "sending": "being sent",
    "sent": "sent",
}


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """The template as a page, with `values` escaped."""
    deps: Deps = request.app.state.deps
    reasons = tuple(deps.not_ready())
    base = {
        "troubles": reasons,
        "phones": deps.simulator is not None,
        "profiled": deps.profiles is not None,
        "filed": deps.library is not None,
        "documented": deps.documents is not None,
        "locked": deps.sessions is not None,
        "path": request.url.path,
    }
    page = _templates.get_template(template).render(base | values)
    return HTMLResponse(page, status, {"cache-control": "no-store"})


def part(template: str, one: Any, **values: Any) -> Markup:
    """One line of a list. A line that cannot be shown says so, with its sequence in the log, and the others go on."""
    try:
        return Markup(_templates.get_template(template).render(one=one, **values))  # noqa: S704 - the template escapes
    except Exception:
        seq = getattr(getattr(one, "entry", one), "seq", None)
        log.exception("not_shown", template=template, seq=seq)
        event = f" (event {seq})" if seq else ""
        return Markup('<li class="unshown"><em>This cannot be shown{}.</em></li>').format(event)


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


def person(chat: str) -> str:
    """A chat's JID as people write it: a phone number, or the JID itself."""
    user, _, server = chat.partition("@")
    return f"+{user}" if server == "s.whatsapp.net" else chat


def plainly(reason: str | None) -> str:
    """The reason of `ignored` in words alone."""
    return _in_words(EXPLAINED, reason)


def fault(class_: str | None) -> str:
    """The class of a turn's fault in words alone."""
    return _in_words(FAILED, class_)


def _in_words(table: Mapping[Any, str], name: str | None) -> str:
    if not name:
        return "no reason is given"
    return table.get(name) or f"for a reason that this version does not know ({name})"


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


def size(number: int) -> str:
    """Bytes in the unit that people read."""
    for unit, bytes_ in (("MB", 1000**2), ("kB", 1000)):
        if number >= bytes_:
            return f"{number / bytes_:.1f} {unit}"
    return f"{number} bytes"


def count(number: float) -> str:
    return f"{number:,.0f}"


_templates.globals |= {"part": part, "fresh_id": lambda: token_hex(8)}
_templates.filters |= {
    "address": lambda view: address_of(ChatKey(view.account, view.chat)),
    "around": around,
    "folded": folded,
    "time": time,
    "person": person,
    "count": count,
    "described": described,
    "speaker": lambda one: f"{speaker(one, person)}:",
    "kind": kind,
    "chose": lambda one: chose(one.choice, typed=one.typed),
    "quotable": is_quotable,
    "size": size,
    "web": lambda url: url is not None and url.startswith(("https://", "http://")),
    "named_file": lambda one: KINDS.get("voice" if one.voice else one.kind, one.kind),
    "mark": SAID.__getitem__,
    "plainly": plainly,
    "fault": fault,
    "dollars": in_dollars,
    "group": is_group,
    "sent": lambda state: _SENT.get(state, state),
}
