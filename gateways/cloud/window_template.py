"""The values of the template that goes out in a reply's stead, from the log."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from events.decisions import Reply
from events.inbound import Message, Receipt
from events.log import EventLog, LogUnavailable
from events.parts import Part
from events.phrases import Phrase
from events.subjects import ChatKey, chat_filter
from gateways.delivery.our_messages import WITHIN
from gateways.delivery.texts import texts_of
from gateways.templates.window import WindowTemplate


async def window_part(log: EventLog, key: ChatKey, reply: str, template: WindowTemplate) -> Part:
    """The part for the reply of this id. Reads the chat up to the receipt that claims the template. Raises
    LogUnavailable."""
    name = words = ""
    if template.values:
        try:
            async with asyncio.timeout(WITHIN), aclosing(log.tail(0, chat_filter(key))) as batches:
                async for batch in batches:
                    for recorded in batch:
                        event = recorded.event
                        if isinstance(event, Message) and not event.from_me:
                            name = event.name or name
                        elif isinstance(event, Reply) and event.id == reply:
                            words = next(iter(texts_of(event)), "")
                        elif isinstance(event, Receipt) and event.reply == reply and event.template is not None:
                            return template.part(name, words)
        except TimeoutError:  # the chat was erased since
            raise LogUnavailable(Phrase("the claim of the template is not in the log")) from None
    return template.part(name, words)
