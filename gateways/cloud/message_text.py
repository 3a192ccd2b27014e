"""Kind, file and text of a webhook's message, as the chat and the model get them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from chat.references import words_of
from events import inbound
from events.jetstream.media_store import COMES_LATER
from events.references import MANY_TIMES, ONCE, Answers, Choice, Location, Product, Referral
from gateways import references
from gateways.cloud import wire

_LONGEST_NAME = 256
_LONGEST_TYPE = 64
_MEDIA = ("image", "audio", "video", "document", "sticker")


def kind_of(message: wire.Message) -> str:
    """The kind, as the log names it."""
    match message.type:
        case "contacts":
            return "contact"
        case "interactive":
            return "button" if message.interactive is not None else "unsupported"
        case "order":
            return "text"
        case "text" | "location" | "reaction" | "button" | "image" | "audio" | "video" | "document" | "sticker":
            return message.type
        case _:
            return "unsupported"


def media_of(message: wire.Message) -> inbound.Media | None:
    """The message's file; the name that it will have in the object store contains Meta's media id."""
    if message.type not in _MEDIA:
        return None
    media: wire.Media | None = getattr(message, message.type)
    if media is None or not media.id:
        return None
    return inbound.Media(
        object=COMES_LATER + media.id,
        mime=media.mime_type and media.mime_type[:_LONGEST_NAME],
        size=media.file_size if media.file_size is not None and 0 <= media.file_size < 2**53 else None,
        sha256=media.sha256 and media.sha256[:_LONGEST_NAME],
        filename=media.filename and media.filename[:_LONGEST_NAME],
        voice=media.voice,
    )


def text_of(message: wire.Message) -> str | None:
    """The message's text; None if it has none."""
    match message.type:
        case "text":
            return message.text.body if message.text is not None else ""
        case "image" | "audio" | "video" | "document" | "sticker":
            media: wire.Media | None = getattr(message, message.type)
            return media.caption if media is not None else None
        case "button":
            return message.button.text if message.button is not None else None
        case "interactive":
            return _chosen(message.interactive) if message.interactive is not None else None
        case "reaction":
            return message.reaction.emoji if message.reaction is not None else None
        case "location":
            return words_of(location=place_of(message)) or ("Location" if message.location is not None else None)
        case "contacts":
            return "\n".join(_card(card) for card in message.contacts) or None
        case "order":
            return _order(message.order or wire.Order())
        case _:
            return None


def new_text_of(edit: wire.Edit) -> str:
    """The new text of an edited message."""
    new = edit.message
    if new.text is not None:
        return new.text.body
    media = new.image or new.video or new.document
    return (media.caption if media is not None else None) or ""


def inner_type_of(message: wire.Message) -> str | None:
    """The type of a message that is not passed on, or that recado does not know."""
    if kind_of(message) != "unsupported":
        return None
    inner = message.unsupported.type if message.unsupported is not None else ""
    return (inner or message.type)[:_LONGEST_TYPE]


def is_called(text: str, number: str) -> bool:
    """True if the text mentions the business's own number: the API gives no mentions."""
    return re.search(rf"@\+?{number}(?!\d)", text) is not None


_REFERRING = frozenset({"button", "interactive", "location"})


def references_of(message: wire.Message) -> dict[str, Any]:
    """Fields of events.inbound.Message: the things that the message refers to; those that it lacks are left out."""
    found: dict[str, Any] = {}
    if message.type in _REFERRING:
        found = {"choice": choice_of(message), "location": place_of(message), "answers": answers_of(message)}
    if message.context is not None:
        found["product"], found["forwarded"] = product_of(message), forwarded_of(message)
    if message.referral is not None:
        found["referral"] = referral_of(message)
    return found


def choice_of(message: wire.Message) -> Choice | None:
    """The button or line that the person tapped; None: none."""
    if message.type == "button" and message.button is not None:
        return references.choice(message.button.payload, message.button.text, "template")
    interactive = message.interactive if message.type == "interactive" else None
    if interactive is None:
        return None
    if interactive.nfm_reply is not None:
        return references.choice(interactive.nfm_reply.name, interactive.nfm_reply.body, "flow")
    if interactive.button_reply is not None:
        return references.choice(interactive.button_reply.id, interactive.button_reply.title, "button")
    chosen = interactive.list_reply
    return references.choice(chosen.id, chosen.title, "list") if chosen is not None else None


def answers_of(message: wire.Message) -> Answers | None:
    """The fields of a filled form; None if the message is none."""
    interactive = message.interactive if message.type == "interactive" else None
    filled = interactive.nfm_reply if interactive is not None else None
    return references.answers(filled.response_json) if filled is not None else None


def place_of(message: wire.Message) -> Location | None:
    """The place that the person sent."""
    place = message.location if message.type == "location" else None
    if place is None:
        return None
    return references.location(place.latitude, place.longitude, place.name, place.address)


def referral_of(message: wire.Message) -> Referral | None:
    """The advertisement or post from which the person came."""
    seen = message.referral
    if seen is None:
        return None
    return references.referral(
        source=seen.source_type,
        source_id=seen.source_id,
        url=seen.source_url,
        headline=seen.headline,
        body=seen.body,
        click_id=seen.ctwa_clid,
    )


def product_of(message: wire.Message) -> Product | None:
    """The product that the message asks about."""
    about = message.context.referred_product if message.context is not None else None
    return references.product(about.catalog_id, about.product_retailer_id) if about is not None else None


def forwarded_of(message: wire.Message) -> int:
    """The number of times that the message was forwarded; see events.references.Forwarded."""
    context = message.context
    if context is None:
        return 0
    return MANY_TIMES if context.frequently_forwarded else ONCE if context.forwarded else 0


def _chosen(interactive: wire.Interactive) -> str | None:
    if (filled := interactive.nfm_reply) is not None:
        return words_of(answers=references.answers(filled.response_json)) or filled.body or filled.response_json
    choice = interactive.button_reply or interactive.list_reply
    if choice is None:
        return None
    return f"{choice.title} ({choice.description})" if choice.description else choice.title


def _card(card: wire.Card) -> str:
    reached = [phone.phone for phone in card.phones if phone.phone] + [mail.email for mail in card.emails if mail.email]
    return "Contact: " + ", ".join([card.name.formatted_name or "somebody", *reached])


def _order(order: wire.Order) -> str:
    def lines() -> Iterator[str]:
        yield "Order:"
        for item in order.product_items:
            price = f" at {item.item_price} {item.currency}".rstrip() if item.item_price is not None else ""
            yield f"- {item.quantity} × {item.product_retailer_id}{price}"
        if order.text:
            yield order.text

    return "\n".join(lines())
