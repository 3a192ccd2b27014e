"""Checks whether WhatsApp lets the number of the settings send. It asks for the number itself, which sends nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import unquote

import aiohttp
import msgspec

from events.jetstream.api import ApiRefused, StreamInfo, call, stored_message
from events.jetstream.connection import Bus
from events.jetstream.dead_letters import REASON_HEADER
from events.jetstream.streams import DLQ
from events.log import LogUnavailable
from gateways.cloud.graph import bounded
from gateways.cloud.lines import unserved
from gateways.cloud.template_list import TemplateList
from gateways.cloud.throughput import FIELDS, NotTold, throughput_in
from gateways.cloud.token import fixed
from gateways.templates.known import TemplatesUnread
from gateways.templates.window import read
from recado.doctor.finding import Finding
from recado.settings.numbers import has_numbers, numbers_of, problems, throughput_of, token_of
from recado.settings.settings import Settings
from recado.settings.whatsapp import Number

WITHIN = 5.0
"""Seconds for Meta to answer."""


async def whatsapp_findings(settings: Settings) -> AsyncIterator[Finding]:
    """The missing settings, or the state of each number; nothing if WhatsApp is not set up."""
    if not (settings.whatsapp_access_token or has_numbers(settings)):
        return
    missing = list(problems(settings))
    for problem in missing:
        yield Finding("whatsapp", "warning", problem)
    if not missing:
        for number in numbers_of(settings):
            yield await _number(settings, number)
            if settings.window_template is not None:
                yield await _window(settings, number, settings.window_template)


async def unserved_findings(bus: Bus) -> AsyncIterator[Finding]:
    """The numbers whose messages are dead letters, since no gateway has them in its settings."""
    try:
        letters = (await call(bus, f"STREAM.INFO.{DLQ}", StreamInfo, {"subjects_filter": "wa.dlq.*"})).state.subjects
        for subject, count in sorted(letters.items()):
            last = await stored_message(bus, DLQ, {"last_by_subj": subject})
            number = subject.rpartition(".")[2]
            if last is None or unserved(number) not in unquote(last.raw().headers.get(REASON_HEADER, "")):
                continue
            says = f"{count:,} updates are dead letters, since no gateway served the number {number} when they came"
            do = "if it is not in WHATSAPP_NUMBERS, add it; then recado dead-letters retry ID"
            yield Finding("whatsapp", "warning", says, do)
    except (ApiRefused, LogUnavailable):
        return  # the check of the bus tells it


class _Number(msgspec.Struct, frozen=True):
    verified_name: str = ""
    name_status: str = ""
    quality_rating: str = ""


class _Error(msgspec.Struct, frozen=True):
    message: str = ""
    code: int = 0


class _Answer(_Number, frozen=True):
    error: _Error | None = None


async def _number(settings: Settings, number: Number) -> Finding:
    """https://developers.facebook.com/docs/whatsapp/business-management-api/manage-phone-numbers"""
    base, id_ = settings.whatsapp_graph_url.rstrip("/"), number.id
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WITHIN)) as session,
            session.get(
                f"{base}/{id_}",
                params={"fields": f"verified_name,name_status,quality_rating,{FIELDS}"},
                headers={"Authorization": f"Bearer {token_of(settings, id_)}"},
                allow_redirects=False,
            ) as answer,
        ):
            status, body = answer.status, await bounded(answer)
    except (aiohttp.ClientError, TimeoutError) as error:
        why = str(error) or f"no answer within {WITHIN:g} s"
        says = f"{base} cannot be reached: {why}"
        return Finding("whatsapp", "warning", says, "check WHATSAPP_GRAPH_URL and the network")
    try:
        told = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Finding(
            "whatsapp", "warning", f"{base} answers HTTP {status}, not as Meta does", "check WHATSAPP_GRAPH_URL"
        )
    if told.error is not None or status != 200:
        return _refused(id_, status, told.error or _Error())
    rating = f", quality {told.quality_rating.lower()}" if told.quality_rating else ""
    rating += _throughput(settings, number, body)
    if told.name_status not in ("", "APPROVED", "AVAILABLE_WITHOUT_REVIEW"):
        rating += f", its name is {told.name_status.lower().replace('_', ' ')}"
    says = f"number {id_}{f' ({told.verified_name})' if told.verified_name else ''} can be asked for{rating}"
    if told.quality_rating == "RED":
        return Finding("whatsapp", "warning", says, "people block or report it: see it in the WhatsApp Manager")
    return Finding("whatsapp", "ok", says)


async def _window(settings: Settings, number: Number, template: str) -> Finding:
    """True if RECADO_WINDOW_TEMPLATE can go out from this number."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WITHIN)) as session:
        token = fixed(token_of(settings, number.id) or "")
        listed = TemplateList(session, settings.whatsapp_graph_url, number.id, token)
        try:
            wrong = list(read(template).faults(await listed.known()))
        except TemplatesUnread as refusal:
            return Finding("whatsapp", "warning", f"RECADO_WINDOW_TEMPLATE is not checked: {refusal}")
    if wrong:
        says = f"RECADO_WINDOW_TEMPLATE cannot go out from number {number.id}: {'; '.join(wrong)}"
        return Finding("whatsapp", "warning", says, "recado template list shows what there is")
    return Finding("whatsapp", "ok", f"the template {read(template).ref} can go out from number {number.id}")


def _throughput(settings: Settings, number: Number, body: bytes) -> str:
    """The messages a second that recado takes as allowed, and by whose word."""
    if (fixed := throughput_of(settings, number)) is not None:
        return f", {fixed:,} messages a second by WHATSAPP_THROUGHPUT"
    try:
        found = throughput_in(body)
    except NotTold:
        return ""
    return f", {found.per_second:,} messages a second"


def _refused(id_: str, status: int, error: _Error) -> Finding:
    says = f"Meta does not show number {id_} (HTTP {status}, error {error.code}): {error.message[:200]}"
    if error.code in (0, 102, 190) or status == 401:
        return Finding("whatsapp", "warning", says, "make a new WHATSAPP_ACCESS_TOKEN, see docs/whatsapp.md")
    return Finding("whatsapp", "warning", says, "check WHATSAPP_PHONE_NUMBER_ID, and what the token may do")
