"""Statuses of messages that were files: one that WhatsApp refuses later goes out in words. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from events.inbound import READING, REFUSED_FILE, Receipt
from gateways.cloud import tracker

FILE_REFUSED = "file_refused"
"""The class of the reason for a plain reading: WhatsApp did not take the file."""


def of_file(receipt: Receipt, file: int) -> Receipt:
    """The receipt of a status; `file` is the tracker's.

    A file that is refused after it was taken was not delivered, so its receipt is `sending` with the error: the message
    is free again, in words. `failed` would end the reply.
    """
    if file == tracker.READING:
        return replace(receipt, file=READING)
    error = receipt.error
    if file != tracker.FILE or receipt.state != "failed" or error is None or error.class_ != "content":
        return receipt
    return replace(receipt, state="sending", file=REFUSED_FILE, error=replace(error, class_=FILE_REFUSED))
