"""The templates of an account, for commands and for the desk: from Meta where this process has the number's token, else
from the number's gateway, which answers on `templates.<account>`."""

from __future__ import annotations

import asyncio

import msgspec
import nats.errors
import structlog
from nats.aio.msg import Msg

from events.jetstream.connection import Bus
from events.phrases import Phrase
from events.read_back import read_back
from events.subjects import token
from gateways.cloud.graph import Graph
from gateways.cloud.template_list import TemplateList
from gateways.cloud.token import Token
from gateways.templates.known import Known, TemplatesUnread
from gateways.templates.template import Template
from recado.settings.numbers import NumbersUnusable, numbers_of, token_of
from recado.settings.secrets import SecretUnusable
from recado.settings.settings import Settings
from recado.settings.whatsapp import Number

LARGEST = 256 * 1024
"""Bytes of the templates in one answer; a server of NATS takes 1 MiB."""

FRESH = 10.0
"""Seconds for which a gateway does not ask Meta again: an account may ask 200 times an hour."""

ANSWER_WITHIN = 45.0
"""Seconds: the gateway asks Meta page by page."""

_NO_INBOXES = ("$", "evt.", "wa.", "profile.", "kb.", "tools.", "templates.", "leases.")
"""Beginnings of subjects where an answer would be taken for something else."""

_WHILE_READ = 600.0
"""Seconds for which the following pages may take to be asked for."""

log = structlog.get_logger("recado.gateway")


class _Asked(msgspec.Struct):
    """A question for the templates after the first `after` ones."""

    after: int = 0


class _Told(msgspec.Struct, omit_defaults=True):
    """The answer: templates, and whether there are more; or the reason for which there are none."""

    known: Known | None = None
    more: bool = False
    refused: str = ""
    again: bool = False


def subject(account: str) -> str:
    """The subject on which the account's gateway is asked for its templates."""
    return f"templates.{token(account)}"


async def answer(bus: Bus, account: str, templates: TemplateList) -> None:
    """Answer questions for the templates of the account until cancelled."""

    async def tell(asked: Msg) -> None:
        if not asked.reply or asked.reply.startswith(_NO_INBOXES):
            log.warning("templates_not_told", account=account, reason=f"no inbox for the answer: {asked.reply[:80]!r}")
            return
        try:
            after = msgspec.json.decode(asked.data, type=_Asked).after
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            after = 0
        told = await _page(templates, max(after, 0))
        try:
            await bus.publish(asked.reply, msgspec.json.encode(told))
        except nats.errors.Error as error:
            log.warning("templates_not_told", account=account, reason=f"{type(error).__name__}: {error}")

    subscription = await bus.subscribe(subject(account), queue="templates", cb=tell)
    try:
        await asyncio.Event().wait()
    finally:
        await subscription.unsubscribe()


async def _page(templates: TemplateList, after: int) -> _Told:
    try:
        known = await templates.known(older_than=_WHILE_READ if after else FRESH)
    except TemplatesUnread as refusal:
        return _Told(refused=str(refusal), again=refusal.again)
    size = 0
    shown: list[Template] = []
    for one in known.templates[after:]:
        size += len(msgspec.json.encode(one))
        if size > LARGEST and shown:
            break
        shown.append(one)
    page = msgspec.structs.replace(known, templates=tuple(shown))
    return _Told(known=page, more=after + len(shown) < len(known.templates))


class AccountTemplates:
    """The templates of every account that can be asked for (see gateways.templates.known.Templates)."""

    def __init__(self, settings: Settings, bus: Bus) -> None:
        self._settings = settings
        self._bus = bus

    async def known(self, account: str) -> Known:
        """The templates of the account. Raises TemplatesUnread."""
        for number in _numbers(self._settings):
            if number.account == account and (given := _token(self._settings, number.id)) is not None:
                async with Graph.session() as session:
                    return await TemplateList(session, self._settings.whatsapp_graph_url, number.id, given).known()
        return await self._asked(account)

    async def _asked(self, account: str) -> Known:
        found: Known | None = None
        while True:
            told = await self._page(account, len(found.templates) if found is not None else 0)
            if told.known is None:
                raise TemplatesUnread(read_back(told.refused), again=told.again)
            before = found.templates if found is not None else ()
            found = msgspec.structs.replace(told.known, templates=(*before, *told.known.templates))
            if not told.more or not told.known.templates:
                return found

    async def _page(self, account: str, after: int) -> _Told:
        body = msgspec.json.encode(_Asked(after))
        try:
            answer = await self._bus.request(subject(account), body, timeout=ANSWER_WITHIN)
            return msgspec.json.decode(answer.data, type=_Told)
        except (nats.errors.Error, TimeoutError) as error:
            raise TemplatesUnread(
                Phrase(
                    "the templates of account %(account)s cannot be checked: none of its gateways to the Cloud API "
                    "answers (%(name)s). Start it, or set the number's WHATSAPP_ACCESS_TOKEN here",
                    account=account,
                    name=type(error).__name__,
                ),
                again=True,
            ) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
            raise TemplatesUnread(
                Phrase("the gateway of account %(account)s answers in another form: update it", account=account)
            ) from wrong


def _numbers(settings: Settings) -> tuple[Number, ...]:
    try:
        return numbers_of(settings)
    except NumbersUnusable as wrong:
        raise TemplatesUnread(Phrase("%(reason)s", reason=wrong)) from wrong


def _token(settings: Settings, id_: str) -> Token | None:
    try:
        value = token_of(settings, id_)
    except SecretUnusable as wrong:
        raise TemplatesUnread(Phrase("%(reason)s", reason=wrong)) from wrong
    return Token(id_, value, lambda: token_of(settings, id_, again=True)) if value else None
