"""Reads the templates of a number from Meta, and keeps them.

The WhatsApp Business Account that has them is found by the number's `health_status`, so it needs no setting:
https://developers.facebook.com/documentation/business-messaging/whatsapp/support/health-status and
https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management (both read
2026-11-29).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import aiohttp
import msgspec
import structlog

from events.details import Detail
from events.inbound import ReceiptError
from events.phrases import Phrase
from events.read_back import read_back
from gateways.cloud.errors import class_of_status, told
from gateways.cloud.graph import bounded, is_of_token
from gateways.cloud.token import Token
from gateways.templates.known import Known, TemplatesUnread
from gateways.templates.template import HEADERS, Button, Template

WITHIN = 10.0
"""Seconds for each answer."""

PAGE, MOST_PAGES = 100, 100
"""Templates of one answer, and answers; Meta allows 6,000 templates."""

AGAIN_AFTER = 30.0
"""Seconds for which Meta is not asked again after it could not be."""

_FIELDS = "name,language,status,category,parameter_format,components,quality_score,rejected_reason"
_BUTTONS = frozenset({"url", "quick_reply", "copy_code", "otp", "flow", "phone_number", "voice_call", "catalog"})
T = TypeVar("T")

LARGEST_PAGE = 16 * 1024 * 1024
"""Bytes of a page of 100 templates, of which one may have 32,768 characters and ten cards."""

log = structlog.get_logger("recado.gateway")


class _Error(msgspec.Struct):
    code: object = None
    message: object = ""
    error_subcode: object = None


class _Failed(msgspec.Struct):
    error: _Error | None = None


class _Entity(msgspec.Struct):
    entity_type: str = ""
    id: str = ""


class _Health(msgspec.Struct):
    entities: list[_Entity] = []


class _Number(msgspec.Struct):
    health_status: _Health = msgspec.field(default_factory=_Health)


class _Cursors(msgspec.Struct):
    after: str = ""


class _Paging(msgspec.Struct):
    cursors: _Cursors = msgspec.field(default_factory=_Cursors)
    next: str | None = None


class _Page(msgspec.Struct):
    data: list[msgspec.Raw] = []
    paging: _Paging = msgspec.field(default_factory=_Paging)


class _Quality(msgspec.Struct):
    score: str = ""


class _Button(msgspec.Struct):
    type: str = ""
    text: str = ""
    url: str = ""


class _Component(msgspec.Struct):
    type: str = ""
    format: str = ""
    text: str = ""
    buttons: list[_Button] = []


class _Template(msgspec.Struct):
    name: str
    language: str
    status: str = ""
    category: str = ""
    parameter_format: str = ""
    components: list[_Component] = []
    quality_score: _Quality | None = None
    rejected_reason: str | None = None


class TemplateList:
    """The templates of one number. `url` is the Graph API's address with its version."""

    def __init__(self, session: aiohttp.ClientSession, url: str, phone_number_id: str, token: Token) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._number = phone_number_id
        self._token = token
        self._business: str | None = None
        self._known: Known | None = None
        self._unread: TemplatesUnread | None = None
        self._read_at: float | None = None
        self._reading = asyncio.Lock()

    async def known(self, older_than: float = 0.0) -> Known:
        """The templates, read from Meta unless that was tried in the last `older_than` seconds. Where Meta cannot be
        asked, those that were read before. Raises TemplatesUnread if there are none."""
        async with self._reading:
            if self._unread is not None:
                older_than = min(older_than, AGAIN_AFTER)
            if self._read_at is None or time.monotonic() - self._read_at >= older_than:
                await self._read_again()
        if self._unread is None and self._known is not None:
            return self._known
        if self._known is not None:
            return msgspec.structs.replace(self._known, unread=str(self._unread))
        raise self._unread or TemplatesUnread(Detail.NO_TEMPLATES_READ.phrase())

    async def _read_again(self) -> None:
        try:
            self._known, self._unread = Known(tuple(await self._all()), datetime.now(UTC)), None
        except TemplatesUnread as refusal:
            self._unread = refusal
            log.warning("templates_unread", number=self._number, reason=str(refusal))
        self._read_at = time.monotonic()

    async def _all(self) -> list[Template]:
        business = self._business = self._business or await self._business_account()
        templates: list[Template] = []
        query = {"fields": _FIELDS, "limit": str(PAGE)}
        for _ in range(MOST_PAGES):
            page = await self._get(f"{business}/message_templates", query, _Page)
            templates.extend(one for raw in page.data if (one := _read(raw)) is not None)
            # By the cursor alone: the token goes to no address that an answer names.
            if page.paging.next is None or not page.paging.cursors.after:
                break
            query["after"] = page.paging.cursors.after
        return sorted(templates, key=lambda one: (one.name, one.language))

    async def _business_account(self) -> str:
        number = await self._get(self._number, {"fields": "health_status"}, _Number)
        found = [one.id for one in number.health_status.entities if one.entity_type == "WABA"]
        if not found or not found[0].isdigit():
            raise TemplatesUnread(
                Detail.NO_ACCOUNT.phrase(number=self._number, rights=Detail.TEMPLATES_RIGHTS.phrase())
            )
        return found[0]

    async def _get(self, path: str, query: Mapping[str, str], shape: type[T]) -> T:
        token = self._token.value
        status, body = await self._asked(path, query)
        error = _error(status, body)
        if is_of_token(error) and self._token.replaced(token):
            status, body = await self._asked(path, query)
            error = _error(status, body)
        if error is not None:
            raise _unread(error)
        try:
            return msgspec.json.decode(body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
            raise TemplatesUnread(Detail.TEMPLATES_UNREADABLE.phrase(wrong=read_back(str(wrong)))) from wrong

    async def _asked(self, path: str, query: Mapping[str, str]) -> tuple[int, bytes]:
        try:
            async with self._session.get(
                f"{self._url}/{path}",
                params=query,
                headers={"Authorization": f"Bearer {self._token.value}"},
                timeout=aiohttp.ClientTimeout(total=WITHIN),
                allow_redirects=False,
            ) as answer:
                return answer.status, await bounded(answer, LARGEST_PAGE)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            why = f"{type(error).__name__}: {error}".rstrip(": ")
            raise TemplatesUnread(Detail.TEMPLATES_NOT_ASKED.phrase(why=why), again=True) from error


def _error(status: int, body: bytes) -> ReceiptError | None:
    try:
        error = msgspec.json.decode(body, type=_Failed).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        error = None
    if error is not None:
        detail = error.message if isinstance(error.message, str) else ""
        return told(error.code, detail, subcode=error.error_subcode, status=status)
    if status == 200:
        return None
    return ReceiptError(code=f"http {status}", class_=class_of_status(status), detail=f"HTTP {status}")


def _unread(error: ReceiptError) -> TemplatesUnread:
    code = error.code
    rights = isinstance(code, int) and (code in (3, 10, 100, 131005) or 200 <= code < 300)
    advice = Phrase(error.do) if error.do else Detail.TRY_LATER.phrase()
    do = Detail.TEMPLATES_RIGHTS.phrase() if rights else advice
    again = error.class_ in ("account_throttle", "transient", "in_doubt", "unreached")
    return TemplatesUnread(
        Detail.TEMPLATES_NOT_SHOWN.phrase(code=str(code), detail=error.detail, do=do),
        again=again,
    )


def _read(raw: msgspec.Raw) -> Template | None:
    try:
        one = msgspec.json.decode(raw, type=_Template)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        log.warning("template_unreadable", reason=str(wrong)[:200], then="is left out")
        return None
    parts: dict[str, _Component] = {component.type.upper(): component for component in one.components}
    shown: dict[str, Any] = {}
    if (header := parts.get("HEADER")) is not None:
        shown = {"header": header.format.lower() or "text", "header_text": header.text}
    buttons = tuple(
        Button(button.type.lower(), button.text, button.url)
        for button in (parts["BUTTONS"].buttons if "BUTTONS" in parts else ())
    )
    return Template(
        name=one.name,
        language=one.language,
        status=one.status.upper(),
        category=one.category.upper(),
        quality=one.quality_score.score if one.quality_score is not None else "",
        reason=one.rejected_reason or "",
        named=one.parameter_format.upper() == "NAMED",
        body=parts["BODY"].text if "BODY" in parts else "",
        footer=parts["FOOTER"].text if "FOOTER" in parts else "",
        buttons=buttons,
        beyond=tuple(_beyond(parts, shown.get("header"), buttons)),
        **shown,
    )


def _beyond(parts: Mapping[str, _Component], header: str | None, buttons: tuple[Button, ...]) -> Iterator[str]:
    for kind in parts:
        if kind not in ("HEADER", "BODY", "FOOTER", "BUTTONS", "CALL_PERMISSION_REQUEST"):
            yield kind.lower() or "?"
    if header is not None and header not in HEADERS:
        yield f"header: {header}"
    for button in buttons:
        if button.kind not in _BUTTONS:
            yield f"button: {button.kind}"
