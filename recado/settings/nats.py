"""The settings of the connection to a NATS server that recado did not start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from events.jetstream.connection import API_PREFIX, INBOX_PREFIX
from recado.settings.paths import file
from recado.settings.variables import Variable, subject, url


@dataclass(frozen=True, kw_only=True, repr=False)
class NatsSettings:
    """The address of the bus and the credentials for it."""

    nats_url: Annotated[
        str | None,
        Variable(
            name="NATS_URL",
            reader=url("nats", "tls", "ws", "wss", example="nats://localhost:4222", several=True),
            meaning="The NATS server that holds the log. If unset, `recado up` runs one of its own on this machine, "
            "and every other command finds that one through `RECADO_DATA`.",
            example="nats://nats.example.org:4222",
            credentials=True,
        ),
    ] = None
    nats_creds: Annotated[
        Path | None,
        Variable(
            name="NATS_CREDS",
            reader=file(),
            meaning="The credentials file for `NATS_URL`.",
            example="/etc/recado/recado.creds",
        ),
    ] = None
    nats_ca: Annotated[
        Path | None,
        Variable(
            name="NATS_CA",
            reader=file(),
            meaning="A file of CA certificates (PEM). One of them must have signed the certificate of the server of "
            "`NATS_URL`. If unset, the system's certificates count. If set, the connection is always encrypted.",
            example="/etc/recado/ca.pem",
        ),
    ] = None
    nats_inbox_prefix: Annotated[
        str,
        Variable(
            name="NATS_INBOX_PREFIX",
            reader=subject(),
            meaning="The prefix of the subjects of answers (inboxes). Set it if the server allows each user only "
            "inboxes with a prefix of its own.",
            example="_INBOX.instance",
        ),
    ] = INBOX_PREFIX
    nats_api_prefix: Annotated[
        str,
        Variable(
            name="NATS_API_PREFIX",
            reader=subject(),
            meaning="The prefix of the subjects on which JetStream is asked. Set it for a gateway in a NATS account of "
            "its own, which imports them under another prefix (deploy/nats/apart.sh).",
            example="recado.api",
        ),
    ] = API_PREFIX


def nats_problems(given: Mapping[str, str]) -> Iterator[str]:
    """A problem for each setting that needs NATS_URL, if that is not set."""
    if given.get("NATS_URL", "").strip():
        return
    for variable in ("NATS_CREDS", "NATS_CA", "NATS_INBOX_PREFIX", "NATS_API_PREFIX"):
        if given.get(variable, "").strip():
            yield f"{variable} is set and NATS_URL is not: say which server it is for, or unset it"
