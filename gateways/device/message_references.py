"""The things that a message refers to, as WhatsApp's own format has them; see events.references."""

from __future__ import annotations

from typing import Any, TypedDict

from neonize.proto.waE2E.WAWebProtobufsE2E_pb2 import Message

from events.references import MANY_TIMES, ONCE, Answers, Choice, Location, Product, Referral
from gateways import references

_MANY = 5
"""The score from which WhatsApp shows "forwarded many times"."""

_ADS = frozenset({"ad", "post"})
_FORMS = frozenset({"flow", "galaxy_message", "address_message"})
"""Native flows that are filled in; the others are buttons."""


class Refers(TypedDict):
    """Fields of events.inbound.Message."""

    choice: Choice | None
    referral: Referral | None
    product: Product | None
    location: Location | None
    forwarded: int
    answers: Answers | None


def references_of(message: Message, field: str, context: Any) -> Refers:
    """The references of the message, whose content is in `field`; `context` is its `ContextInfo`, or None."""
    part = getattr(message, field)
    return {
        "choice": choice_of(part, field),
        "referral": _referral(context),
        "product": _product(context),
        "location": place_of(part, field),
        "forwarded": _forwarded(context),
        "answers": answers_of(part, field),
    }


def choice_of(part: Any, field: str) -> Choice | None:
    """The tapped button or line."""
    match field:
        case "buttonsResponseMessage":
            return references.choice(part.selectedButtonID, part.selectedDisplayText, "button")
        case "templateButtonReplyMessage":
            return references.choice(part.selectedID, part.selectedDisplayText, "template")
        case "listResponseMessage":
            return references.choice(part.singleSelectReply.selectedRowID, part.title, "list")
        case "interactiveResponseMessage":
            flow = part.nativeFlowResponseMessage
            if flow.name in _FORMS:
                return references.choice(flow.name, part.body.text, "flow")
            tapped = references.answers(flow.paramsJSON) or {}
            id_ = tapped.get("id")
            return references.choice(id_ if isinstance(id_, str) else None, part.body.text, "button")
        case _:
            return None


def answers_of(part: Any, field: str) -> Answers | None:
    """The fields of a filled form."""
    if field != "interactiveResponseMessage" or part.nativeFlowResponseMessage.name not in _FORMS:
        return None
    return references.answers(part.nativeFlowResponseMessage.paramsJSON)


def place_of(part: Any, field: str) -> Location | None:
    """The place, also one that the person shares live."""
    match field:
        case "locationMessage":
            return references.location(part.degreesLatitude, part.degreesLongitude, part.name, part.address)
        case "liveLocationMessage":
            return references.location(part.degreesLatitude, part.degreesLongitude, None, None)
        case _:
            return None


def _referral(context: Any) -> Referral | None:
    """The advertisement or post; previews of links are in the same field and are none."""
    seen = context.externalAdReply if context is not None and context.HasField("externalAdReply") else None
    if seen is None or not (seen.ctwaClid or seen.sourceType in _ADS):
        return None
    return references.referral(
        source=seen.sourceType,
        source_id=seen.sourceID,
        url=seen.sourceURL,
        headline=seen.title,
        body=seen.body,
        click_id=seen.ctwaClid,
    )


def _product(context: Any) -> Product | None:
    """The product of the shop's catalogue that is quoted."""
    if context is None or not context.quotedMessage.HasField("productMessage"):
        return None
    quoted = context.quotedMessage.productMessage
    return references.product(quoted.businessOwnerJID, quoted.product.retailerID or quoted.product.productID)


def _forwarded(context: Any) -> int:
    if context is None or not (context.isForwarded or context.forwardingScore):
        return 0
    return MANY_TIMES if context.forwardingScore >= _MANY else ONCE
