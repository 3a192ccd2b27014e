"""The settings of `recado gateway cloud`, and a check for the required ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from recado.settings.variables import Reader, Variable, choice, duration, host, seconds, secret, url, whole

UNSET_ACCOUNT = "local"
"""The default of RECADO_ACCOUNT."""

_TEMPLATE = re.compile(r"[a-z0-9_]{1,512}:[a-z]{2,3}(_[A-Z]{2})?")


def _digits() -> Reader:
    def read(given: str) -> str:
        if not given.isascii() or not given.isdigit() or len(given) > 32:
            raise ValueError("which is no id of a number: copy the digits of Phone number ID from the dashboard")
        return given

    return Reader("the digits that the app's dashboard shows", read)


def _template() -> Reader:
    def read(given: str) -> str:
        if not _TEMPLATE.fullmatch(given):
            raise ValueError("which is no template and its language: write name:language, such as hello_again:en_US")
        return given

    return Reader("a template's name and its language, with a colon between them", read)


@dataclass(frozen=True, kw_only=True, repr=False)
class WhatsAppSettings:
    """The settings of the gateway to WhatsApp's Cloud API."""

    whatsapp_access_token: Annotated[
        str,
        Variable(
            name="WHATSAPP_ACCESS_TOKEN",
            reader=secret(),
            meaning="The token with which `recado gateway cloud` sends: a permanent one of a system user, with the "
            "permission `whatsapp_business_messaging`.",
            example="EAAG-and-so-on",
            secret=True,
        ),
    ] = ""
    whatsapp_phone_number_id: Annotated[
        str,
        Variable(
            name="WHATSAPP_PHONE_NUMBER_ID",
            reader=_digits(),
            meaning="Meta's id of the business number (not the number itself). It is also the account in the log, "
            "unless `RECADO_ACCOUNT` says otherwise.",
            example="106540352242922",
        ),
    ] = ""
    whatsapp_app_secret: Annotated[
        str,
        Variable(
            name="WHATSAPP_APP_SECRET",
            reader=secret(),
            meaning="The secret of the Meta app, which signs its webhooks; webhooks with another signature are "
            "refused.",
            example="5d41402a-and-so-on",
            secret=True,
        ),
    ] = ""
    whatsapp_verify_token: Annotated[
        str,
        Variable(
            name="WHATSAPP_VERIFY_TOKEN",
            reader=secret(),
            meaning="A word of your own. Enter the same one beside the webhook's address in the app's dashboard.",
            example="any-word-of-yours",
            secret=True,
        ),
    ] = ""
    whatsapp_graph_url: Annotated[
        str,
        Variable(
            name="WHATSAPP_GRAPH_URL",
            reader=url("https", "http", example="https://graph.facebook.com/v24.0"),
            meaning="The address of Meta's Graph API with its version.",
            example="https://graph.facebook.com/v25.0",
        ),
    ] = "https://graph.facebook.com/v24.0"
    webhook_host: Annotated[
        str,
        Variable(
            name="RECADO_WEBHOOK_HOST",
            reader=host(),
            meaning="The address of this machine on which `recado gateway cloud` takes webhooks, at `/webhook`. The "
            "default fits a tunnel or a proxy on the same machine.",
            example="192.168.1.20",
        ),
    ] = "127.0.0.1"
    webhook_port: Annotated[
        int,
        Variable(
            name="RECADO_WEBHOOK_PORT",
            reader=whole(0, 65535, ""),
            meaning="The port of the webhooks. 0: any free one, which is printed.",
            example="8443",
        ),
    ] = 8089
    window_template: Annotated[
        str | None,
        Variable(
            name="RECADO_WINDOW_TEMPLATE",
            reader=_template(),
            meaning="The approved template (without parameters) that goes out in a reply's stead when the person has "
            "not written for 24 hours, since WhatsApp takes only templates then. If unset, such a reply fails.",
            example="hello_again:en_US",
        ),
    ] = None
    doubt_seconds: Annotated[
        float,
        Variable(
            name="RECADO_DOUBT_SECONDS",
            reader=seconds(1, 86400),
            meaning="The time for which a message in doubt (WhatsApp's answer was lost, or the gateway was killed) "
            "waits for a status from WhatsApp. Its chat waits with it.",
            example="300",
        ),
    ] = 60.0
    in_doubt: Annotated[
        Literal["park", "resend"],
        Variable(
            name="RECADO_IN_DOUBT",
            reader=choice("park", "resend"),
            meaning="The end of that wait. `park`: the message is not sent again, and `recado why` names it. `resend`: "
            "it is sent again, and the person may get it twice.",
            example="resend",
        ),
    ] = "park"
    give_up_after: Annotated[
        timedelta,
        Variable(
            name="RECADO_GIVE_UP_AFTER",
            reader=duration(timedelta(minutes=1), timedelta(days=7)),
            meaning="The time for which a reply is tried again that WhatsApp refuses with a code that recado does not "
            "know. Then it fails, and the chat asks for a human. Its chat waits meanwhile, and no other.",
            example="2h",
        ),
    ] = timedelta(hours=12)


def cloud_account(account: str, phone_number_id: str) -> str:
    """The account of `recado gateway cloud`: RECADO_ACCOUNT, or the number's id if that is unset."""
    return account if account != UNSET_ACCOUNT else phone_number_id


def problems(settings: WhatsAppSettings) -> Iterator[str]:
    """A problem for each missing setting of `recado gateway cloud`, with its source."""
    where = {
        "WHATSAPP_PHONE_NUMBER_ID": (settings.whatsapp_phone_number_id, "copy it from WhatsApp > API Setup"),
        "WHATSAPP_ACCESS_TOKEN": (settings.whatsapp_access_token, "make one for a system user in the Business Manager"),
        "WHATSAPP_APP_SECRET": (settings.whatsapp_app_secret, "copy it from App settings > Basic"),
        "WHATSAPP_VERIFY_TOKEN": (
            settings.whatsapp_verify_token,
            "make up a word and enter it in WhatsApp > Configuration",
        ),
    }
    for variable, (value, how) in where.items():
        if not value:
            yield f"{variable} is required for recado gateway cloud: {how} (see docs/whatsapp.md)"
