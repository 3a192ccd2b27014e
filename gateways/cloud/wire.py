"""The JSON of Meta's webhooks, as far as recado reads it.

Every field may be missing, and unknown fields are ignored: Meta adds fields without notice. A batch holds up to 1,000
updates, so each stays raw until it is read by itself, and a bad one does not spoil the others.
Source: https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/reference/messages (2026-05), and for users
without a phone number https://developers.facebook.com/docs/whatsapp/business-scoped-user-ids
"""

from __future__ import annotations

import msgspec


class Part(msgspec.Struct, gc=False, omit_defaults=True):
    """A part of an update; every field has a default."""


class Profile(Part):
    name: str | None = None


class Contact(Part):
    """The person who wrote; `wa_id` is missing if the person has a username and hides the number."""

    profile: Profile = msgspec.field(default_factory=Profile)
    wa_id: str | None = None
    user_id: str | None = None
    parent_user_id: str | None = None


class Text(Part):
    body: str = ""


class Media(Part):
    """A file, which the API gives for its `id`."""

    id: str = ""
    mime_type: str | None = None
    sha256: str | None = None
    caption: str | None = None
    filename: str | None = None
    voice: bool = False
    file_size: int | None = None


class Location(Part):
    latitude: float | None = None
    longitude: float | None = None
    name: str | None = None
    address: str | None = None


class CardName(Part):
    formatted_name: str = ""


class CardPhone(Part):
    phone: str = ""


class CardEmail(Part):
    email: str = ""


class Card(Part):
    """A contact that the person sends."""

    name: CardName = msgspec.field(default_factory=CardName)
    phones: list[CardPhone] = []
    emails: list[CardEmail] = []


class Button(Part):
    """The tapped button of a template; its sender chose the `payload`."""

    text: str = ""
    payload: str = ""


class Choice(Part):
    id: str = ""
    title: str = ""
    description: str | None = None


class FlowAnswer(Part):
    """A filled form; `name` is the kind of form."""

    name: str = ""
    body: str = ""
    response_json: str = ""


class Interactive(Part):
    """An answer to an interactive message.

    - `button_reply`: the chosen button.
    - `list_reply`: the chosen line of a list.
    - `nfm_reply`: a filled form (a Flow).
    """

    button_reply: Choice | None = None
    list_reply: Choice | None = None
    nfm_reply: FlowAnswer | None = None


class Reaction(Part):
    """A reaction to `message_id`; `emoji` is missing if the person took the reaction back."""

    message_id: str = ""
    emoji: str = ""


class Item(Part):
    product_retailer_id: str = ""
    quantity: int | str = 1
    item_price: float | str | None = None
    currency: str = ""


class Order(Part):
    text: str = ""
    product_items: list[Item] = []


class System(Part):
    """A notice about the person, such as a new number: the new names, and the former user ids."""

    type: str = ""
    wa_id: str | None = None
    new_wa_id: str | None = None
    user_id: str | None = None
    parent_user_id: str | None = None
    previous_user_id: str | None = None
    previous_parent_user_id: str | None = None


class Fault(Part):
    """An error as Meta writes it in webhooks."""

    class Data(Part):
        details: str = ""

    code: int | str | None = None
    title: str = ""
    message: str = ""
    error_data: Data = msgspec.field(default_factory=Data)

    @property
    def detail(self) -> str:
        """The most exact of the error's texts."""
        return self.error_data.details or self.message or self.title


class ReferredProduct(Part):
    catalog_id: str = ""
    product_retailer_id: str = ""


class Context(Part):
    """The message that this one answers, or the product that it asks about, or that it was forwarded."""

    id: str | None = None
    forwarded: bool = False
    frequently_forwarded: bool = False
    referred_product: ReferredProduct | None = None


class Referral(Part):
    """The advertisement or post from which the person came."""

    source_url: str = ""
    source_type: str = ""
    source_id: str = ""
    headline: str = ""
    body: str = ""
    ctwa_clid: str = ""


class Rewritten(Part):
    """The new content of an edited message."""

    type: str = ""
    text: Text | None = None
    image: Media | None = None
    video: Media | None = None
    document: Media | None = None


class Edit(Part):
    original_message_id: str = ""
    message: Rewritten = msgspec.field(default_factory=Rewritten)


class Revoke(Part):
    original_message_id: str = ""


class Inner(Part):
    """The type of a message that the Cloud API does not pass on."""

    type: str = ""


class Message(Part, rename={"from_": "from"}):
    """A message of a person, or an echo: a message of the business from its own app, with the person in `to`."""

    id: str = ""
    from_: str | None = None
    from_user_id: str | None = None
    from_parent_user_id: str | None = None
    to: str | None = None
    to_user_id: str | None = None
    to_parent_user_id: str | None = None
    group_id: str | None = None
    timestamp: str | int = ""
    type: str = ""
    text: Text | None = None
    image: Media | None = None
    audio: Media | None = None
    video: Media | None = None
    document: Media | None = None
    sticker: Media | None = None
    location: Location | None = None
    contacts: list[Card] = []
    button: Button | None = None
    interactive: Interactive | None = None
    reaction: Reaction | None = None
    order: Order | None = None
    system: System | None = None
    edit: Edit | None = None
    revoke: Revoke | None = None
    context: Context | None = None
    referral: Referral | None = None
    errors: list[Fault] = []
    unsupported: Inner | None = None


class Pricing(Part):
    """The price class of a message; Meta writes it with the first of its statuses."""

    billable: bool | None = None
    category: str | None = None
    type: str | None = None


class Payment(Part):
    reference_id: str = ""


class Status(Part):
    """The state of a message that this number sent; the tracker is `biz_opaque_callback_data`. Of the type `payment`
    it is the state of a payment of the recipient's."""

    id: str = ""
    type: str = ""
    status: str = ""
    recipient_id: str | None = None
    recipient_user_id: str | None = None
    payment: Payment | None = None
    timestamp: str | int = ""
    biz_opaque_callback_data: str | None = None
    pricing: Pricing | None = None
    errors: list[Fault] = []


class Preference(Part):
    """A person's wish about messages, such as no `marketing_messages`."""

    wa_id: str | None = None
    user_id: str | None = None
    category: str = ""
    value: str = ""
    timestamp: str | int = ""


class Call(Part, rename={"from_": "from"}):
    """A step of a call; a call of the person's is USER_INITIATED."""

    id: str = ""
    from_: str | None = None
    from_user_id: str | None = None
    event: str = ""
    direction: str = ""
    status: str = ""
    duration: int | None = None
    timestamp: str | int = ""


class Replaced(Part):
    """An id before and after a change."""

    previous: str = ""
    current: str = ""


class UserIdUpdate(Part):
    """A person got another user id: the field `user_id_update` as it was announced (2026-05). `wa_id` is the number, if
    Meta can share it."""

    wa_id: str | None = None
    user_id: Replaced = msgspec.field(default_factory=Replaced)
    parent_user_id: Replaced = msgspec.field(default_factory=Replaced)
    timestamp: str | int = ""


class Metadata(Part):
    phone_number_id: str = ""
    display_phone_number: str = ""


class Value(Part):
    """The value of one change of a field that brings events of chats."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    contacts: list[msgspec.Raw] = []
    messages: list[msgspec.Raw] = []
    message_echoes: list[msgspec.Raw] = []
    statuses: list[msgspec.Raw] = []
    user_preferences: list[msgspec.Raw] = []
    calls: list[msgspec.Raw] = []
    errors: list[msgspec.Raw] = []
    user_id_update: list[msgspec.Raw] = []


class Change(msgspec.Struct):
    value: msgspec.Raw
    field: str = ""


class Entry(msgspec.Struct):
    """The changes of one account; `id` and `time` are looked at where they are used."""

    changes: list[msgspec.Raw]
    id: object = None
    time: object = None


class Envelope(msgspec.Struct):
    """The body of one POST."""

    entry: list[msgspec.Raw]
