"""The fields of forms by which users share the work on a chat."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from console.not_taken import NotTaken
from events.inbound import Control
from events.teamwork import LONGEST_LABEL, LONGEST_NOTED, LONGEST_USER, MOST_LABELS, cleaned_label, cleaned_name

_NO_LABEL = "{} is no label: a label has 1 to {} characters, and no comma."


def with_work(control: Control, given: Mapping[str, str], minutes: int | None) -> Control:
    """The order with its fields: `to` of `assign` (empty: no user), `text` of `note`, `add` and `remove` of `label`
    (labels with commas between them). `snooze` has `minutes`. Raises NotTaken."""
    match control.command:
        case "assign":
            to = given.get("to", "")
            name = cleaned_name(to)
            if to.strip() and name is None:
                raise NotTaken(400, f"A user's name has 1 to {LONGEST_USER} characters, not {to[:40]!r}.", field="to")
            return replace(control, to=name)
        case "note":
            text = given.get("text", "").replace("\r\n", "\n").strip()
            if not 0 < len(text) <= LONGEST_NOTED:
                said = f"A note has at most {LONGEST_NOTED:,} characters" if text else "The note is empty"
                raise NotTaken(400, f"{said}. Nothing was noted.", field="text")
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


def _labels(given: Mapping[str, str], field: str) -> tuple[str, ...]:
    named = [one for one in given.get(field, "").split(",") if one.strip()]
    if len(named) > MOST_LABELS:
        raise NotTaken(400, f"A chat has at most {MOST_LABELS} labels.", field=field)
    labels = []
    for one in named:
        label = cleaned_label(one)
        if label is None:
            raise NotTaken(400, _NO_LABEL.format(repr(one.strip()[:60]), LONGEST_LABEL), field=field)
        labels.append(label)
    return tuple(labels)
