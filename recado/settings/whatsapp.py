"""The settings of the gateway to WhatsApp's Cloud API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal, NamedTuple

from events.phrases import Phrase
from gateways.templates import window
from recado.settings.variables import Reader, Variable, choice, duration, host, name, seconds, secret, url, whole

UNSET_ACCOUNT = "local"
"""The default of RECADO_ACCOUNT."""


def _digits() -> Reader:
    def read(given: str) -> str:
        if not given.isascii() or not given.isdigit() or len(given) > 32:
            raise ValueError("which is no id of a number: copy the digits of Phone number ID from the dashboard")
        return given

    return Reader(Phrase("the digits that the app's dashboard shows"), read)


class Number(NamedTuple):
    """A business number.

    - `id`: Meta's id of it.
    - `account`: its account in the log.
    """

    id: str
    account: str

    def __str__(self) -> str:
        return self.id if self.account == self.id else f"{self.id}={self.account}"


def numbers() -> Reader:
    """Reads the ids of numbers, each with a name of its own or without."""
    digits, named = _digits(), name()

    def read(given: str) -> tuple[Number, ...]:
        found: list[Number] = []
        for entry in filter(None, (one.strip() for one in given.replace("\n", ",").split(","))):
            id_, equals, account = (part.strip() for part in entry.partition("="))
            try:
                number = Number(digits.read(id_), named.read(account) if equals else id_)
            except ValueError as error:
                raise ValueError(f"where {entry[:60]!r} is no number: {error}") from error
            if number.account == UNSET_ACCOUNT:
                raise ValueError(f"where {id_} is named {UNSET_ACCOUNT}, as simulated phones are: name it otherwise")
            for other in found:
                if set(other) & set(number):
                    raise ValueError(f"where {entry[:60]!r} has the id or the name of another: give each its own")
            found.append(number)
        return tuple(found)

    return Reader(
        Phrase("ids of numbers with commas between them, each with `=` and a name of yours, or without"), read
    )


class Rate(NamedTuple):
    """Messages a second of the number with this id or account; of every other one if `number` is empty."""

    number: str
    per_second: int

    def __str__(self) -> str:
        return f"{self.number}={self.per_second}" if self.number else str(self.per_second)


def rates() -> Reader:
    """Reads messages a second, for every number or by their ids and names."""
    per_second = whole(1, 10_000, Phrase("messages a second"))

    def read(given: str) -> tuple[Rate, ...]:
        found: list[Rate] = []
        for entry in filter(None, (one.strip() for one in given.split(","))):
            number, _, rate = (part.strip() for part in entry.rpartition("="))
            try:
                found.append(Rate(number, per_second.read(rate)))
            except ValueError as error:
                raise ValueError(f"where {entry[:60]!r} has a rate {error}") from error
            if any(one.number == number for one in found[:-1]):
                raise ValueError(f"where {number or 'every number'} has two rates: leave one out")
        return tuple(found)

    return Reader(Phrase("messages a second; for one number alone behind its name or id and `=`"), read)


def _template() -> Reader:
    def read(given: str) -> str:
        window.read(given)
        return given

    return Reader(Phrase("a template's name and its language, with a colon between them, and its variables"), read)


@dataclass(frozen=True, kw_only=True, repr=False)
class WhatsAppSettings:
    """The settings of the gateway to WhatsApp's Cloud API."""

    whatsapp_access_token: Annotated[
        str,
        Variable(
            name="WHATSAPP_ACCESS_TOKEN",
            reader=secret(),
            meaning="The token with which recado sends: a permanent one of a system user, with the permission "
            "`whatsapp_business_messaging`. A number whose token is another one has it in "
            "`WHATSAPP_ACCESS_TOKEN_<phone number ID>`.",
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
    whatsapp_numbers: Annotated[
        tuple[Number, ...],
        Variable(
            name="WHATSAPP_NUMBERS",
            reader=numbers(),
            meaning="Further numbers of the same Meta app, by their ids. Behind `=` is the name of a number's account "
            "in the log; without one the id is the name. If unset, a file of this name in `RECADO_SECRETS` is read, "
            "with a number on each line, again and again: one that is added there is served within 30 seconds.",
            example="106540352242922=shop, 109876543210987=bakery",
        ),
    ] = ()
    whatsapp_throughput: Annotated[
        tuple[Rate, ...],
        Variable(
            name="WHATSAPP_THROUGHPUT",
            reader=rates(),
            meaning="The messages a second that a number may have, those that come in and those that go out together; "
            "recado stays a quarter below. If unset, the gateway asks Meta for it (80; 1,000 after an upgrade; 20 "
            "where the WhatsApp Business app uses the number too), again and again. A number may have its own, by its "
            "account or its id.",
            example="shop=20, 80",
        ),
    ] = ()
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
            reader=whole(0, 65535),
            meaning="The port of the webhooks. 0: any free one, which is printed.",
            example="8443",
        ),
    ] = 8089
    window_template: Annotated[
        str | None,
        Variable(
            name="RECADO_WINDOW_TEMPLATE",
            reader=_template(),
            meaning="The approved template that goes out in a reply's stead when the person has not written for 24 "
            "hours, since WhatsApp takes only templates then. If unset, such a reply fails. Variables of its body "
            "follow after commas, each with a text in which `{name}` is the person's name (`{name|friend}` for people "
            "without one) and `{reply}` the first line of the reply. It is checked against Meta's own form of it at "
            "the start (`window_template_unusable` in the log) and by `recado doctor`.",
            example="hello_again:en_US, name={name|friend}, about={reply}",
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
