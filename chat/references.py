"""The things that a message refers to, in the words in which every model, tool and page is shown them.

The one place that makes these words. Gateways make a message's text with `words_of`; the projection keeps the message's
own fields, and the words of what it quotes are looked up when it is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import msgspec

from chat.choices import Chosen
from chat.gates import ME
from events.inbound import Message
from events.phrases import Phrase, Together
from events.references import MANY_TIMES, Answers, Choice, Forwarded, Location, Product, Referral

LONGEST_QUOTE = 600
"""Characters of a quoted message that a model is shown."""

LONGEST_PARTED = 8_000
"""The same for a reply that was sent in parts: a gateway cut it, so its parts are not known here."""

_MENTION = re.compile(r"@(\d{5,20})(?!\d)")


class References(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The references of a message, as the projection keeps them; see events.inbound.Message."""

    choice: Choice | None = None
    referral: Referral | None = None
    product: Product | None = None
    location: Location | None = None
    forwarded: Forwarded = 0
    answers: Answers | None = None
    mentions: tuple[str, ...] = ()


class Referring(References, frozen=True, gc=False, omit_defaults=True):
    """A message's references with their ids, for tools: its own `id`, and the id of the message that it quotes."""

    id: str = ""
    quoted: str | None = None

    def of(self, id_: str, quoted: str | None) -> Referring:
        """The same with these ids."""
        return msgspec.structs.replace(self, id=id_, quoted=quoted)


class Quoted(msgspec.Struct, frozen=True, gc=False):
    """A quoted message, as the history has it.

    - `by`: `us`, `them` (its sender quotes it) or another person's name.
    - `text`: its words; None: it was deleted.
    - `part`, `parts`: the part that is quoted; 0: the whole.
    - `template`: the template that went out in its stead.
    """

    by: str
    text: str | None
    part: int = 0
    parts: int = 0
    template: str | None = None


US, THEM = "us", "them"
_NO_ANSWER = "flow_token"
"""A field of every form of Meta's."""


def with_chosen(found: Sequence[Referring], chosen: Sequence[Chosen]) -> tuple[Referring, ...]:
    """The references `found`, with the choices that messages make by their words."""
    known = {one.id: one for one in found}
    for one in chosen:
        known[one.message] = msgspec.structs.replace(
            known.get(one.message, Referring(id=one.message)), choice=one.choice
        )
    return tuple(known.values())


def references_of(message: Message) -> References | None:
    """The message's references; None if it has none."""
    found = References(
        message.choice,
        message.referral,
        message.product,
        message.location,
        message.forwarded,
        message.answers or None,
        message.mentions,
    )
    return None if found == NOTHING else found


NOTHING = References()


def text_of(message: Message) -> str | None:
    """The message's own words or, if it has none, those of its choice, its place or its answers."""
    if message.text is not None:
        return message.text
    return words_of(message.choice, message.location, message.answers)


def words_of(
    choice: Choice | None = None, location: Location | None = None, answers: Answers | None = None
) -> str | None:
    """A choice by its title, a place, and a form line by line; None if there is none of them."""
    lines = [choice.title] if choice is not None and choice.title else []
    lines += [_place(location)] if location is not None else []
    lines += [f"{name}: {_answer(value)}" for name, value in (answers or {}).items() if name != _NO_ANSWER]
    return "\n".join(lines) or None


def with_references(
    text: str, references: References, quoted: Quoted | None, names: Mapping[str, str], *, unknown: bool = False
) -> str:
    """`text` under a line for each thing that it refers to, and its mentions by name.

    - `names`: people's names by the digits of their JIDs.
    - `unknown`: it quotes a message that the history does not have.
    """
    said = _MENTION.sub(lambda match: _mentioned(match[1], references.mentions, names) or match[0], text)
    own = words_of(None, references.location, references.answers)
    if own is not None and own not in said:
        said = f"{said}\n{own}" if said else own
    lines = [*(f"[{note}]" for note in notes(references)), *([_quote(quoted)] if quoted is not None else [])]
    lines += ["[quotes an earlier message, which is not known here]"] if unknown else []
    return "\n".join([*lines, said]) if lines else said


def reacted(text: str, quoted: Quoted | None) -> str:
    """A reaction to a message."""
    what = f"reacted with {text.strip()}" if text.strip() else "took a reaction back"
    return f"[{what}, to {_whose(quoted)}]" if quoted is not None else f"[{what}]"


def notes(references: References) -> Iterator[Phrase]:
    """Forwarding, the advertisement and the product, each in words."""
    if references.forwarded:
        is_often = references.forwarded >= MANY_TIMES
        yield Phrase("forwarded many times") if is_often else Phrase("forwarded")
    if (seen := references.referral) is not None:
        is_post = seen.source == "post"
        words = ": ".join(filter(None, (seen.headline, seen.body)))
        came = Phrase("came here from a post") if is_post else Phrase("came here from an advertisement")
        yield Together([came, f"“{words}”" if words else "", seen.url or ""])
    if (product := references.product) is not None and product.id:
        if product.catalog:
            yield Phrase("asks about the product %(id)s of the catalogue %(name)s", id=product.id, name=product.catalog)
        else:
            yield Phrase("asks about the product %(id)s", id=product.id)


def _quote(quoted: Quoted) -> str:
    return f"[quotes {_whose(quoted)}]"


def _whose(quoted: Quoted) -> str:
    if quoted.by == US:
        part = f"part {quoted.part} of {quoted.parts} of " if quoted.parts > 1 else ""
        whose = f"{part}what you said"
        if quoted.template is not None:
            whose = f"the template {quoted.template}, which was sent instead of what you said"
    else:
        whose = "their own message" if quoted.by == THEM else f"what {quoted.by} said"
    if quoted.text is None:
        return f"{whose}, which was deleted since"
    longest = LONGEST_PARTED if quoted.parts > 1 else LONGEST_QUOTE
    text = quoted.text if len(quoted.text) <= longest else f"{quoted.text[:longest]} …"
    return f"{whose}: “{text}”"


def _mentioned(digits: str, mentions: tuple[str, ...], names: Mapping[str, str]) -> str | None:
    """`@` and the name of a mentioned person; None if these digits mention nobody, or a number without a name."""
    jid = next((jid for jid in mentions if jid.partition("@")[0] == digits), None)
    if jid is None:
        return None
    if digits in names:
        return f"@{names[digits]}"
    unnamed = [one for one in mentions if one != ME and one.partition("@")[0] not in names]
    if ME in mentions and unnamed == [jid]:
        return "@you"
    return "@someone" if jid.endswith("@lid") else None


def _place(location: Location) -> str:
    named = ", ".join(filter(None, (location.name, location.address)))
    if location.latitude is None or location.longitude is None:
        return f"Location: {named}" if named else "Location"
    point = f"{_degrees(location.latitude)}, {_degrees(location.longitude)}"
    return f"Location: {named} ({point})" if named else f"Location: {point}"


def _degrees(number: float) -> str:
    """Every digit that was sent, without an exponent."""
    return format(Decimal(repr(number)), "f").removesuffix(".0")


def _answer(value: object) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(_answer, value))
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    return str(value)
