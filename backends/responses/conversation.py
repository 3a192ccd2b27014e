"""Search in a conversation's items: the progress of a turn, and the remains of lost turns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

import msgspec

from backends.content.message_text import plain
from backends.responses.wire import Item


class Occurrence(msgspec.Struct, frozen=True):
    """A place in the conversation that holds the items that were sent.

    - `items`: ids of the sent items and of all items that followed from them, oldest first.
    - `outputs`: the model's last items in answer to them; empty if the response has not completed, or never will.
    """

    items: tuple[str, ...]
    outputs: tuple[Item, ...]


def occurrences_of_messages(items: Sequence[Item], texts: Sequence[str]) -> list[Occurrence]:
    """Places in `items` (oldest first) that hold a turn's messages, `texts`: one for each time that they were sent,
    which should be at most once."""
    wanted = [plain(text) for text in texts]
    found, place = [], 0
    while place + len(wanted) <= len(items):
        sent = items[place : place + len(wanted)]
        if all(_is_users(item) for item in sent) and [plain(item.text) for item in sent] == wanted:
            found.append(_occurrence(items[place:], len(wanted)))
            place += len(wanted)
        else:
            place += 1
    return found


def occurrences_of_outputs(items: Sequence[Item], call_ids: Collection[str]) -> list[Occurrence]:
    """The same for the outputs of function calls, which are sent together."""
    starts: list[int] = []
    seen: set[str] = set()
    for place, item in enumerate(items):
        if _is_output(item) and item.call_id in call_ids:
            if not starts or item.call_id in seen:
                starts.append(place)
                seen = set()
            seen.add(item.call_id or "")
    found = []
    for start, end in pairwise([*starts, len(items)]):
        part = items[start:end]
        sent = sum(1 for item in part if _is_output(item) and item.call_id in call_ids)
        found.append(_occurrence(part, sent))
    return found


def since_last_answer(items: Sequence[Item]) -> Sequence[Item]:
    """The items after the model's last message; `items` are oldest first."""
    said = [place for place, item in enumerate(items) if item.type == "message" and item.role == "assistant"]
    return items[said[-1] + 1 :] if said else items


def open_calls(items: Sequence[Item]) -> dict[str, str]:
    """The names of function calls that have no output, by their ids; each makes the next response fail."""
    closed = {item.call_id for item in items if _is_output(item)}
    calls = function_calls(items)
    return {item.call_id: str(item.name) for item in calls if item.call_id and item.call_id not in closed}


def function_calls(items: Sequence[Item]) -> list[Item]:
    return [item for item in items if item.type == "function_call"]


def words(outputs: Sequence[Item]) -> str:
    """The model's text for the person; its comments on the way count only if there is no other text."""
    said = [item for item in outputs if item.type == "message" and item.role == "assistant"]
    final = [item for item in said if item.phase != "commentary"] or said
    return "\n\n".join(text for item in final if (text := item.text.strip()))


def refusal(outputs: Sequence[Item]) -> str:
    """The words in which the model refuses; empty if it does not."""
    return " ".join(item.refusal for item in outputs if item.type == "message").strip()


def _occurrence(items: Sequence[Item], sent: int) -> Occurrence:
    """The place at the start of `items`: the first `sent` items were sent, and the items up to the next message of a
    user followed."""
    end = next((place for place, item in enumerate(items) if place >= sent and _is_users(item)), len(items))
    followed = items[sent:end]
    outputs = [place for place, item in enumerate(followed) if _is_output(item)]
    last = followed[outputs[-1] + 1 :] if outputs else followed
    spoke = any(item.type == "function_call" or item.role == "assistant" for item in last)
    return Occurrence(tuple(item.id for item in items[:end] if item.id), tuple(last) if spoke else ())


def _is_users(item: Item) -> bool:
    return item.type == "message" and item.role == "user"


def _is_output(item: Item) -> bool:
    return item.type == "function_call_output"
