"""The desk's page that sends a template: those of the account, a form for the variables of one, its words as the person
reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from secrets import token_hex
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from console.access import user_of
from console.deps import Deps
from console.desk import deps_of, files_of, key_of, view_of, window_of
from console.forms import form_of
from console.languages import translate_of
from console.list_links import kept, kept_fields
from console.not_taken import NotTaken
from console.orders import open_chat, order_in, ordered, told_outcome
from console.problems import Problem
from console.rendering import address_of, render
from events.library import Entry
from events.log import LogError
from events.parts import Part
from events.subjects import ChatKey
from gateways.templates.form import HEADER, Field, fields, filled, reading
from gateways.templates.known import Known, TemplatesUnread, TemplateUnknown
from gateways.templates.template import HEADER_FILES, Template, unsendable

KNOWN_FOR = timedelta(minutes=1)
"""The templates of an account are not asked for again so soon: Meta answers some hundred times an hour."""

LISTED = 100
"""Templates that are shown at once; a search finds the others."""

VALUE = "value "
"""The beginning of a value's name in the form."""

TAKES: Mapping[str, str] = {
    "location": "Latitude, longitude, name and address: -23.5505, -46.6333, Bakery, Rua Augusta 1",
    "url": "What comes at the end of the button’s address",
    "payload": "What comes back as the choice’s id; without one, the button’s words",
    "code": "The code that people copy",
    "flow": "The token of the form",
}
"""Some values in words."""


async def ask(request: Request) -> Response:
    """GET: the templates that can be sent, or with `?ref=name:language` the form of one; `?q=` searches names."""
    key = key_of(request)
    await view_of(deps_of(request), key)
    return await _page(request, key, request.query_params)


async def give(request: Request) -> Response:
    """POST `do`: preview shows the words with the values; send gives the order, once for each `id`. The script of the
    page is answered with JSON once the order has an outcome, as by `give_order`, and else with the page."""
    deps, given = deps_of(request), await form_of(request, most=60)
    key = await open_chat(deps, key_of(request))
    if given.get("do") != "send":
        return await _page(request, key, given)
    try:
        control = order_in({**given, "command": "send"}, user_of(request))
        part = await _part(request, key, given)
        if not isinstance(part, Part):
            return await _page(request, key, given, status=400, faults=part)
        outcome = await ordered(deps, key, msgspec.structs.replace(control, parts=(part,)))
    except NotTaken as refusal:
        id_ = given.get("id", "") if refusal.same else token_hex(8)
        return await _page(
            request, key, {**given, "id": id_}, status=refusal.status, faults=(refusal.said(translate_of(request)),)
        )
    return told_outcome(request, key, outcome, "template")


async def _part(request: Request, key: ChatKey, given: Mapping[str, str]) -> Part | tuple[str, ...]:
    """The part that sends the template with the form's values, or all that is wrong. Raises NotTaken."""
    try:
        template = (await _known(request, key.account)).find(given.get("ref", ""))
        values = _values(given)
        file = await _file(deps_of(request), key.account, given) if template.header in HEADER_FILES else None
    except TemplatesUnread as unread:
        raise NotTaken(
            503, "%(unread)s Nothing was sent.", same=True, unread=_sentence(translate_of(request).say(unread))
        ) from unread
    except (TemplateUnknown, LogError) as fault:
        raise NotTaken(400, "%(reason)s", reason=_sentence(translate_of(request).say(fault))) from fault
    if _lacking(fields(template), values, file):
        _ = translate_of(request)
        return (_("Some values are missing."),)
    found = filled(template, values, file.part if file is not None else None)
    return found if isinstance(found, Part) else tuple(_sentence(translate_of(request).say(one)) for one in found)


async def _page(
    request: Request, key: ChatKey, given: Mapping[str, str], *, status: int = 200, faults: tuple[str, ...] = ()
) -> Response:
    deps, ref = deps_of(request), given.get("ref", "")
    values: dict[str, Any] = {
        "chat": await view_of(deps, key),
        "address": address_of(key),
        "kept": kept(request.query_params),
        "kept_fields": kept_fields(request.query_params),
        "window": await window_of(deps, key),
        "faults": list(faults),
        "known": None,
        "one": None,
        "q": given.get("q", "")[:200],
    }
    try:
        known = await _known(request, key.account)
        values |= {"known": known, **_listed(known, values["q"])}
        if ref:
            values |= await _filled_in(deps, key, known.find(ref), given, tried=given.get("do") == "send")
    except TemplatesUnread as unread:
        values["faults"].append(_sentence(translate_of(request).say(unread)))
        status = max(status, 503)
    except TemplateUnknown as unknown:
        values["faults"].append(_sentence(translate_of(request).say(unknown)))
        status = max(status, 404)
    return render(request, "template.html", status=status, **values)


def _listed(known: Known, words: str) -> dict[str, Any]:
    found = [one for one in known.templates if words.casefold() in f"{one.ref} {one.body}".casefold()]
    return {
        "sendable": [one for one in found if unsendable(one) is None][:LISTED],
        "others": [(one, unsendable(one)) for one in found if unsendable(one) is not None][:LISTED],
        "more": max(0, len(found) - LISTED),
    }


async def _filled_in(
    deps: Deps, key: ChatKey, template: Template, given: Mapping[str, str], *, tried: bool
) -> dict[str, Any]:
    """The form of a template with the values that it has so far; `tried`: it was to be sent."""
    values, wanted = _values(given), fields(template)
    files = [one for one in await files_of(deps, key.account) if one.part.kind == template.header]
    chosen = next((one for one in files if one.name == given.get("file")), None)
    return {
        "one": template,
        "reason": unsendable(template),
        "rows": [(field, values.get(field.key, ""), TAKES.get(field.kind, "")) for field in wanted],
        "lacking": _lacking(wanted, values, chosen) if tried else set(),
        "header": HEADER,
        "value": VALUE,
        "files": files,
        "chosen": chosen.name if chosen is not None else "",
        "preview": reading(template, values, chosen.part.filename if chosen is not None else None),
        "id": given.get("id") or token_hex(8),
    }


def _lacking(wanted: tuple[Field, ...], values: Mapping[str, str], file: Entry | None) -> set[str]:
    """The keys of the values that are needed and not there."""
    there = values.keys() | ({HEADER} if file is not None else set())
    return {field.key for field in wanted if field.required and field.key not in there}


def _values(given: Mapping[str, str]) -> dict[str, str]:
    """The values by their keys; an empty field is none."""
    found = {name.removeprefix(VALUE): value.strip() for name, value in given.items() if name.startswith(VALUE)}
    return {key: value for key, value in found.items() if value}


async def _file(deps: Deps, account: str, given: Mapping[str, str]) -> Entry | None:
    """The library's entry that the form names. Raises NotTaken, LogError."""
    if deps.library is None or not given.get("file"):
        return None
    found = await deps.library.entry(account, given["file"])
    if found is None:
        raise NotTaken(400, "There is no file “%(file)s” here any more: choose another one.", file=given["file"][:80])
    return found


async def _known(request: Request, account: str) -> Known:
    """The templates of the account, as of the last minute. Raises TemplatesUnread, Problem."""
    deps, kept = deps_of(request), request.app.state.templates
    if deps.templates is None:
        raise Problem(404, "This process knows no templates.")
    at, known = kept.get(account, (None, None))
    if at is None or deps.now() - at > KNOWN_FOR:
        known = await deps.templates.known(account)
        kept[account] = deps.now(), known
    found: Known = known
    return found


def _sentence(words: str) -> str:
    """A fault as a sentence."""
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith('.') else '.'}"
