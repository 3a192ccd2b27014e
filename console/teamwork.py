"""The fields of forms by which users share the work on a chat."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from console.not_taken import NotTaken
from events.inbound import Control
from events.teamwork import LONGEST_LABEL, LONGEST_NOTED, LONGEST_USER, MOST_LABELS, cleaned_label, cleaned_name
from events.users import Stored


def with_work(control: Control, given: Mapping[str, str], minutes: int | None) -> Control:
    """The order with its fields: `to` of `assign` (empty: no user), `text` of `note`, `add` and `remove` of `label`
    (labels with commas between them). `snooze` has `minutes`. Raises NotTaken."""
    match control.command:
        case "assign":
            to = given.get("to", "")
            name = cleaned_name(to)
            if to.strip() and name is None:
                raise NotTaken(
                    400,
                    "A user's name has 1 to %(longest)s characters, not %(to)s.",
                    field="to",
                    longest=LONGEST_USER,
                    to=f"{to[:40]!r}",
                )
            return replace(control, to=name)
        case "note":
            text = given.get("text", "").replace("\r\n", "\n").strip()
            if not 0 < len(text) <= LONGEST_NOTED:
                if not text:
                    raise NotTaken(400, "The note is empty. Nothing was noted.", field="text")
                most = f"{LONGEST_NOTED:,}"
                raise NotTaken(
                    400, "A note has at most %(most)s characters. Nothing was noted.", field="text", most=most
                )
            return replace(control, text=text)
        case "label":
            add, remove = (_labels(given, name) for name in ("add", "remove"))
            if not add and not remove:
                raise NotTaken(400, "No label was named. Nothing was changed.", field="add")
            return replace(control, add=add, remove=remove)
        case "snooze" if minutes is None:
            raise NotTaken(400, "Say for how many minutes the chat is put off.", field="minutes")
        case _:
            return control


def check_assigned(users: Stored, account: str, control: Control) -> None:
    """Raises NotTaken where a chat of the account is to be given to a user who is none, or may not answer there."""
    if control.command == "assign" and control.to and not users.may_have(control.to, account):
        raise NotTaken(
            400,
            "%(name)s is no user who may have this chat. There are: %(users)s. Nothing was changed.",
            field="to",
            name=control.to,
            users=", ".join(users.takers(account)),
        )


def _labels(given: Mapping[str, str], field: str) -> tuple[str, ...]:
    named = [one for one in given.get(field, "").split(",") if one.strip()]
    if len(named) > MOST_LABELS:
        raise NotTaken(400, "A chat has at most %(most)s labels.", field=field, most=MOST_LABELS)
    labels = []
    for one in named:
        label = cleaned_label(one)
        if label is None:
            raise NotTaken(
                400,
                "%(label)s is no label: a label has 1 to %(longest)s characters, and no comma.",
                field=field,
                label=f"{one.strip()[:60]!r}",
                longest=LONGEST_LABEL,
            )
        labels.append(label)
    return tuple(labels)
