"""The bus as an AsyncAPI 3 document (https://www.asyncapi.com/docs/reference/specification/v3.0.0)."""

from __future__ import annotations

import inspect
from typing import Any, NamedTuple

import msgspec

from events import codec
from events.account_update import AccountUpdate
from events.decisions import DECISIONS
from events.inbound import INBOUND
from recado.reference.sample_events import BESIDE_SAMPLES, DECISION_SAMPLES, INBOUND_SAMPLES

SCHEMAS = "#/components/schemas/"

_ENCODING = "one token: every byte outside A-Z, a-z, 0-9, _ and - is written =XX, so '@' is =40 and '.' is =2E"
_PARAMETERS: dict[str, dict[str, Any]] = {
    "account": {"description": f"The business number or device, as {_ENCODING}."},
    "chat": {"description": f"The conversation's canonical JID, as {_ENCODING}."},
    "partition": {"description": "FNV-1a 32 of the account's and the chat's token, modulo 64, as the server has it."},
    "inboundType": {"description": "The type of the inbound event.", "enum": list(INBOUND)},
    "decisionType": {"description": "The type of the decision.", "enum": list(DECISIONS)},
}


class Channel(NamedTuple):
    """A subject of the bus.

    - `name`: its name in the document.
    - `address`: the subject, with parameters.
    - `action`: recado's own, `receive` or `send`.
    - `writer`: the programs that publish to it.
    - `types`: the types of the events on it.
    - `meaning`: its description.
    """

    name: str
    address: str
    action: str
    writer: str
    types: tuple[str, ...]
    meaning: str


BESIDE: dict[str, type] = {"account_update": AccountUpdate}
"""Messages on the bus that are no events of the log."""

_ANY_CLIENT = "gateways, commands, the page, any client"

CHANNELS = (
    Channel("in", "wa.in.{account}.{chat}", "receive", _ANY_CLIENT, ("in",), "A WhatsApp message from a gateway."),
    Channel("edit", "wa.edit.{account}.{chat}", "receive", _ANY_CLIENT, ("edit",), "A sender's edit of a message."),
    Channel(
        "revoke", "wa.revoke.{account}.{chat}", "receive", _ANY_CLIENT, ("revoke",), "A sender's deletion of a message."
    ),
    Channel("receipt", "wa.receipt.{account}.{chat}", "receive", _ANY_CLIENT, ("receipt",), "A reply's state."),
    Channel("control", "wa.control.{account}.{chat}", "receive", _ANY_CLIENT, ("control",), "An order about the chat."),
    Channel(
        "out",
        "wa.out.{account}.{chat}",
        "send",
        "the server",
        ("reply",),
        "Every reply, republished by the server for clients that listen now. After an absence they read the log. "
        "A cluster that loses its leading server may republish one twice.",
    ),
    Channel(
        "account",
        "wa.account.{account}",
        "send",
        "gateways",
        ("account_update",),
        "News of an account: its quality, name, templates, limits, alerts, and whether it sends. Stream ACCOUNTS keeps "
        "the last 256 of each account.",
    ),
    Channel(
        "cameIn",
        "evt.{partition}.{account}.{chat}.i.{inboundType}",
        "send",
        "the server",
        tuple(INBOUND),
        "Side i of the log, stream EVENTS: the events that were published to `wa.…`.",
    ),
    Channel(
        "decided",
        "evt.{partition}.{account}.{chat}.o.{decisionType}",
        "send",
        "the chat's actor",
        tuple(DECISIONS),
        "Side o of the log, stream EVENTS: the chat's decisions.",
    ),
    Channel(
        "deadLetters",
        "wa.dlq.{account}",
        "send",
        "gateways, instances",
        (),
        "Bytes that are no event or were set aside, in stream DLQ; the header `Recado-Reason` gives the reason. "
        "`Recado-Chat` and `Recado-Seq` name the chat and the event of the log, if there is one.",
    ),
)
"""Every subject that recado reads or writes."""


def schemas() -> dict[str, Any]:
    """The JSON schema of each event and of each part of one, by the name of its struct."""
    structs = [*INBOUND.values(), *DECISIONS.values(), *BESIDE.values()]
    _, found = msgspec.json.schema_components(structs, ref_template=SCHEMAS + "{name}")
    for schema in found.values():
        # Python 3.13 strips the indentation of docstrings, older ones keep it.
        schema["description"] = inspect.cleandoc(schema["description"])
    return dict(found)


def document() -> dict[str, Any]:
    """The AsyncAPI document; one release always gives the same."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "recado",
            "version": f"{codec.VERSION}.0.0",
            "description": "The messages on the bus of recado, which answers WhatsApp chats with AI. The version is "
            "that of the stored events (header `Recado-Version`).",
        },
        "defaultContentType": "application/json",
        "servers": {
            "bus": {
                "host": "127.0.0.1:4222",
                "protocol": "nats",
                "description": "The server of NATS_URL, or the one that `recado up` starts.",
            }
        },
        "channels": {channel.name: _channel(channel) for channel in CHANNELS},
        "operations": {
            f"{channel.action}-{channel.name}": {
                "action": channel.action,
                "channel": {"$ref": f"#/channels/{channel.name}"},
                "summary": channel.meaning,
            }
            for channel in CHANNELS
        },
        "components": {
            "messages": {type_: _message(type_) for type_ in INBOUND | DECISIONS | BESIDE},
            "parameters": _PARAMETERS,
            "schemas": schemas(),
        },
    }


def _channel(channel: Channel) -> dict[str, Any]:
    parameters = [name for name in _PARAMETERS if f"{{{name}}}" in channel.address]
    return {
        "address": channel.address,
        "description": channel.meaning,
        "parameters": {name: {"$ref": f"#/components/parameters/{name}"} for name in parameters},
        "messages": {type_: {"$ref": f"#/components/messages/{type_}"} for type_ in channel.types},
    }


def _message(type_: str) -> dict[str, Any]:
    struct: type = (INBOUND | DECISIONS | BESIDE)[type_]
    samples: dict[str, Any] = INBOUND_SAMPLES | DECISION_SAMPLES | BESIDE_SAMPLES
    return {
        "name": type_,
        "summary": inspect.getdoc(struct),
        "headers": {
            "type": "object",
            "properties": {
                "Nats-Msg-Id": {"type": "string", "description": "Stored once within ten minutes; optional."},
                codec.VERSION_HEADER: {"type": "string", "description": "The shape of the body; the first, if absent."},
            },
        },
        "payload": {"$ref": SCHEMAS + struct.__name__},
        "examples": [{"payload": msgspec.json.decode(msgspec.json.encode(samples[type_]))}],
    }
