"""Errors of the connection to NATS in words for people."""

from __future__ import annotations

from collections.abc import Mapping

import nats.errors

from events.phrases import Phrase, Together


def connection_failed(error: BaseException) -> Phrase:
    """The reason of a request that the connection did not bring to its end."""
    return Phrase("the connection to the bus failed: %(detail)s", detail=said(error))


def said(error: BaseException) -> Phrase:
    """The error in words: those of the bus's own client in plain ones, any other as it says itself."""
    for kind, words in _FAULTS.items():
        if isinstance(error, kind):
            return words
    return Together([str(error) or type(error).__name__])


_FAULTS: Mapping[type[BaseException], Phrase] = {
    nats.errors.AuthorizationError: Phrase("the server refuses the login"),
    nats.errors.ConnectionClosedError: Phrase("it is closed"),
    nats.errors.ConnectionDrainingError: Phrase("it is being closed"),
    nats.errors.ConnectionReconnectingError: Phrase("it is being made again"),
    nats.errors.MaxPayloadError: Phrase("the message is larger than the server takes"),
    nats.errors.NoRespondersError: Phrase("nobody there takes the request"),
    nats.errors.NoServersError: Phrase("no server can be reached"),
    nats.errors.OutboundBufferLimitError: Phrase("too much waits to be sent"),
    nats.errors.StaleConnectionError: Phrase("the server does not answer any more"),
    TimeoutError: Phrase("no answer came in time"),
}
"""Errors of nats-py in words about the connection; those of asyncio's timeouts are nats-py's too."""
