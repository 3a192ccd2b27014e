"""The Cloud API as a gateway's sender: posts the parts of replies and turns WhatsApp's answers into outcomes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from msgspec.structs import replace
from prometheus_client import Counter

from chat.acknowledging import is_one as is_acknowledgement
from events.backoff import Backoff
from events.details import Detail
from events.inbound import REFUSED_FILE, Message, Receipt, ReceiptError
from events.jid import is_group, number_of
from events.log import LogError
from events.parts import FILES
from events.parts import Part as Content
from events.recorded import Recorded
from gateways.cloud import tracker
from gateways.cloud.bodies import NotUploaded, body_of
from gateways.cloud.circuit_breaker import CircuitBreaker
from gateways.cloud.errors import pause
from gateways.cloud.file_receipts import FILE_REFUSED
from gateways.cloud.graph import Answer, Graph
from gateways.cloud.messages import WAMID
from gateways.cloud.pacing import Pacing
from gateways.cloud.posted_files import PostedFiles
from gateways.cloud.template_forms import FormUnknown, TemplateForms
from gateways.cloud.uploads import Uploads
from gateways.delivery.open_messages import OpenMessages
from gateways.delivery.sender import Outcome, Part
from gateways.intake import NoPeople, People
from gateways.templates.template import Template

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0

SENT = Counter("recado_sent_messages", "Messages posted to WhatsApp, by what became of them", ["outcome"])

_REACTION_TRIES, _REACTION_AGAIN_AFTER = 3, 2.0


log = structlog.get_logger("recado.gateway")


async def _nothing_sent(_part: Part, _name: str) -> str | None:
    return None


Window = Callable[[Part], Awaitable[Content]]
"""Gives the part that goes out in the stead of a reply that is too late."""


async def _plain_template(part: Part) -> Content:
    name, _, language = (part.template or "").partition(":")
    return Content(kind="template", name=name, language=language)


OF_A_FILE = frozenset({100, 131009, 131052, 131053})
"""Codes with which Meta refuses the file in a template's header."""


class CloudSender:
    """Posts the parts of replies.

    - `template`: replaces a reply that is too late; `window` gives its part for the reply of an id.
    - `forms`: Meta's own forms of the templates that are sent.
    - `sent`: WhatsApp's id of a message of ours, by the name that a part of the chat gives it.
    - `told`: hears when the number needs a person, and when it sends again (see CircuitBreaker).
    """

    def __init__(
        self,
        graph: Graph,
        account: str,
        template: str | None = None,
        told: Callable[[dict[str, object]], None] = lambda _: None,
        people: People | None = None,
        *,
        uploads: Uploads,
        sent: Callable[[Part, str], Awaitable[str | None]] = _nothing_sent,
        window: Window = _plain_template,
        forms: TemplateForms | None = None,
    ) -> None:
        self._graph, self._uploads, self._account = graph, uploads, account
        self._people = people or NoPeople()
        self._template = template
        self._window = window
        self._forms = forms or TemplateForms()
        self._breaker = CircuitBreaker(account, told)
        self._pacing = Pacing()
        self._open = OpenMessages()
        self._sent = sent
        self._tries: dict[str, int] = {}
        self._posted = PostedFiles(uploads)

    def was_paused(self, code: int | str) -> None:
        """An earlier process told that the number needs a person: the next message that goes out ends that."""
        self._breaker.needs_a_person = code

    def allow(self, per_second: int) -> None:
        """Send at the pace that Meta allows the number."""
        self._pacing.allow(per_second, time.monotonic())

    def token_changed(self) -> None:
        """Try a message at once with the new token."""
        self._breaker.hurry()

    async def ready(self, part: Part) -> Part:
        """The part when its chat may be sent to: waits for the pair's pace, the circuit breaker, the upload of the
        file, and the number's pace."""
        await self._sleep(self._pacing.pair(part.chat, time.monotonic()))
        await self._breaker.passed()
        while isinstance(prepared := await self._prepared(part), ReceiptError):
            self._breaker.trip(prepared)
            await self._breaker.passed()
        await self._sleep(self._pacing.number(time.monotonic()))
        return prepared

    async def _prepared(self, part: Part) -> Part | ReceiptError:
        """The part with the media id of its file, or of the file in its template's header."""
        if (file := await self._forms.header_file(part.content)) is None:
            return await self._uploads.prepared(part)
        prepared = await self._uploads.prepared(replace(part, content=file))
        if isinstance(prepared, ReceiptError) or prepared.reading is not None:
            return prepared
        return replace(part, media=prepared.media)

    async def send(self, part: Part) -> Outcome:
        """Post the part, once, to the person of its chat, who may have another number by now."""
        try:
            to = await self._people.reached_by(part.account, part.chat)
            if part.template is not None and part.template == self._template:
                part = replace(part, content=await self._window(part))
            else:
                part = await self._referring(part)
        except LogError as refusal:
            tries = self._tries[part.chat] = self._tries.get(part.chat, 0) + 1
            error = ReceiptError(class_="later", detail=str(refusal))
            return self._told(part, Outcome("later", error=error, after=pause("later", tries)))
        if to is None:
            error = ReceiptError(class_="recipient", detail=Detail.ANOTHERS_NUMBER.said())
            return self._told(part, Outcome("failed", error=error))
        if part.content is not None and part.content.kind == "reaction" and not part.content.to:
            error = ReceiptError(class_="recipient", detail=Detail.NOT_OF_WHATSAPP.said())
            return self._told(part, Outcome("failed", error=error))
        try:
            form = await self._forms.of(part.content)
            body = self._body(part, to, form)
        except FormUnknown as unknown:
            return self._told(part, self._refused(part, unknown.error))
        except (tracker.TrackerTooLong, NotUploaded, NothingToSend, OtherTemplate) as refusal:
            return self._told(part, Outcome("failed", error=ReceiptError(class_="content", detail=str(refusal))))
        answer = await self._post_again_if_refused(part, to, form, body)
        if (refused := _file_refused(part, answer)) is not None:
            if self._posted.renew(part):  # Meta may have forgotten the file
                return self._told(part, Outcome("later", error=refused))
            if part.content is not None and part.content.kind != "template":
                log.warning("file_sent_as_text", reply=part.reply, reason=FILE_REFUSED, detail=refused.detail)
                part = part.in_words(replace(refused, class_=FILE_REFUSED))
                # It was certainly not sent.
                answer = await self._post_again_if_refused(part, to, None, self._body(part, to))
        if answer.error is None:
            self._breaker.reset()
            self._tries.pop(part.chat, None)
            self._posted.took(part)
            await self._learn(part, to, answer.names)
            return self._told(part, Outcome("accepted", provider_id=answer.id, reading=part.reading))
        return self._told(part, self._refused(part, answer.error))

    async def _post_again_if_refused(self, part: Part, to: str, form: Template | None, body: dict[str, Any]) -> Answer:
        """Post the message. One that was certainly not sent goes once more: a template in its newer form, a quoting
        message without its quote."""
        answer = await self._graph.post(body)
        if part.content is not None and answer.error is not None:
            renewed = await self._forms.renewed(part.content, form, answer.error)
            if renewed is not None and (again := self._body(part, to, renewed)) != body:
                return await self._graph.post(again)
        if part.quote and answer.error is not None and answer.error.class_ == "content":
            log.warning("sent_without_quote", reply=part.reply[:64], reason=answer.error.detail)
            return await self._graph.post(self._body(replace(part, quote=""), to, form))
        return answer

    async def _learn(self, part: Part, to: str, names: tuple[str, ...]) -> None:
        """Have the person's names written before the receipt: the answer to this message may come under any of them."""
        if is_group(to) or not names or names == (to,):
            return
        pause = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        while True:
            try:
                await self._people.person(part.account, (to, *names))
            except LogError as refusal:
                log.warning("names_not_written", reply=part.reply, reason=str(refusal), retry_in=pause.seconds)
            else:
                return
            await pause.wait()

    async def resolve(self, part: Part) -> Outcome:
        """In doubt: WhatsApp cannot be asked about a message. Only a status with its tracker can settle it. A reaction
        is sent again, which changes nothing for the person."""
        if part.content is not None and part.content.kind == "reaction":
            tries = self._tries[part.chat] = self._tries.get(part.chat, 0) + 1
            if tries <= _REACTION_TRIES:
                error = ReceiptError(class_="in_doubt", detail=Detail.REACTION_AGAIN.said())
                return Outcome("later", error=error, after=_REACTION_AGAIN_AFTER)
            if is_acknowledgement(part.reply):  # no answer waits for it
                detail = Detail.REACTION_IN_DOUBT.said()
                return Outcome("failed", error=ReceiptError(class_="in_doubt", detail=detail))
        return Outcome("in_doubt")

    def observe(self, recorded: Recorded, *, live: bool) -> None:
        """Follow the account's events: open messages, and refusals that come later, in a status."""
        self._open.fold(recorded)
        event = recorded.event
        if live and isinstance(event, Receipt) and event.file == REFUSED_FILE:
            self._posted.refused(recorded.key.chat, event.reply, event.part)
        if live and isinstance(event, Message):
            self._pacing.came_in(time.monotonic())
        if not live or not isinstance(event, Receipt) or event.state != "failed" or event.error is None:
            return
        if event.error.class_ in ("account_stop", "account_throttle"):
            self._breaker.trip(event.error)
        elif event.error.class_ == "pair_throttle":
            self._pacing.hold(recorded.key.chat, time.monotonic(), pause("pair_throttle", 1))

    def _refused(self, part: Part, error: ReceiptError) -> Outcome:
        match error.class_:
            case "in_doubt":
                return Outcome("in_doubt", error=error)
            case "unreached" | "account_throttle" | "account_stop":
                self._breaker.trip(error)
                return Outcome("later", error=error)
            case "pair_throttle" | "transient" | "unknown":
                tries = self._tries[part.chat] = self._tries.get(part.chat, 0) + 1
                return Outcome("later", error=error, after=pause(error.class_, tries))
            case "window_closed" if part.template is None and not is_acknowledgement(part.reply):
                return Outcome("failed", error=error, instead=self._template)
            case _:
                return Outcome("failed", error=error)

    def _told(self, part: Part, outcome: Outcome) -> Outcome:
        SENT.labels(outcome.state).inc()
        if outcome.error is not None:
            log.warning(
                "not_sent",
                account=self._account,
                reply=part.reply,
                part=f"{part.number}/{part.of}",
                becomes=outcome.state,
                reason=outcome.error.class_,
                code=outcome.error.code,
                detail=outcome.error.detail,
                help=outcome.error.do or None,
            )
        return outcome

    def _body(self, part: Part, to: str, form: Template | None = None) -> dict[str, Any]:
        """The request of https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages"""
        several = part.of > 1
        ours = tracker.Tracker(
            part.chat,
            part.reply,
            part.number if several else 0,
            part.of if several else 0,
            part.template,
            _form(part),
        )
        body: dict[str, Any] = {"messaging_product": "whatsapp", **_to(to)}
        body["biz_opaque_callback_data"] = tracker.written(ours)
        if part.template is not None:
            if part.template != self._template or part.content is None:
                raise OtherTemplate(Detail.OTHER_TEMPLATE.said(name=repr(part.template[:64])))
            return body | body_of(part.content, template=form)
        if not part.text.strip():
            raise NothingToSend(Detail.NO_TEXT.said())
        # A message of the former number cannot be quoted to the new one.
        if part.quote and to == part.chat:
            body["context"] = {"message_id": part.quote}
        content = part.content or Content(kind="text", text=part.text)
        return body | body_of(content, part.media, template=form, previews=part.previews)

    async def _referring(self, part: Part) -> Part:
        """The part with WhatsApp's own ids of the messages that it quotes and reacts to. A reaction to another message
        becomes its emoji, and such a message is not quoted. Raises LogError."""
        content = part.content
        if content is not None and content.kind == "reaction":
            to = await self._id_of(part, content.to or "")
            if not to and not is_acknowledgement(part.reply):
                log.warning(
                    "part_sent_as_text", reply=part.reply[:64], kind="reaction", reason=Detail.NOT_OF_WHATSAPP.said()
                )
                return replace(part, content=None, quote="")
            return replace(part, content=replace(content, to=to), quote="")
        return replace(part, quote=await self._id_of(part, self._open.quoted(part)))

    async def _id_of(self, part: Part, name: str) -> str:
        """WhatsApp's id of a message; empty if it has none."""
        if not name or name.startswith(WAMID):
            return name
        found = await self._sent(part, name) or ""
        return found if found.startswith(WAMID) else ""  # any program on the bus writes receipts

    async def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            await asyncio.sleep(seconds)


class NothingToSend(ValueError):
    """The text is blank, and WhatsApp takes no such message."""


class OtherTemplate(ValueError):
    """A receipt names another template than the settings: the writer of a receipt does not choose the message."""


def _file_refused(part: Part, answer: Answer) -> ReceiptError | None:
    """WhatsApp's refusal of the part's file; None if it has none, or was not refused as such."""
    content, error = part.content, answer.error
    if content is None or error is None or error.class_ != "content":
        return None
    in_header = content.kind == "template" and part.media is not None and error.code in OF_A_FILE
    return error if content.kind in FILES or in_header else None


def _form(part: Part) -> int:
    if part.reading is not None:
        return tracker.READING
    return tracker.FILE if part.content is not None and part.content.kind in FILES else 0


def _to(chat: str) -> dict[str, str]:
    user, _, server = chat.partition("@")
    if server == "bsuid":
        return {"recipient_type": "individual", "recipient": user}
    return {"recipient_type": "group" if server == "g.us" else "individual", "to": number_of(chat)}
