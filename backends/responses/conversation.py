"""Search in a conversation's items: the progress of a turn, and the remains of lost turns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

import msgspec

from backends.content.message_text import plain
from backends.responses.wire import Item


class Standing(msgspec.Struct, frozen=True):
    """What was sent stands in the conversation.

    `items` are the ids of what was sent and of all that followed from it, oldest first; `outputs` is what the model
    said to it, nothing if its response has not completed, or never will.
    """

    items: tuple[str, ...]
    outputs: tuple[Item, ...]


def standings_of_messages(items: Sequence[Item], texts: Sequence[str]) -> list[Standing]:
    """How far a turn has come whose messages are `texts`, in `items` (oldest first): one for each time that they were
    sent, which should be at most once."""
    wanted = [plain(text) for text in texts]
    found, place = [], 0
    while place + len(wanted) <= len(items):
        sent = items[place : place + len(wanted)]
        if all(_is_users(item) for item in sent) and [plain(item.text) for item in sent] == wanted:
            found.append(_standing(items[place:], len(wanted)))
            place += len(wanted)
        else:
            place += 1
    return found


def standings_of_outputs(items: Sequence[Item], call_ids: Collection[str]) -> list[Standing]:
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
        found.append(_standing(part, sent))
    return found


def since_last_answer(items: Sequence[Item]) -> Sequence[Item]:
    """The end of `items` (oldest first) that no words of the model's follow."""
    said = [place for place, item in enumerate(items) if item.type == "message" and item.role == "assistant"]
    return items[said[-1] + 1 :] if said else items


def open_calls(items: Sequence[Item]) -> list[str]:
    """The ids of function calls that have no output; the next response fails because of them."""
    closed = {item.call_id for item in items if _is_output(item)}
    return [item.call_id for item in function_calls(items) if item.call_id and item.call_id not in closed]


def function_calls(items: Sequence[Item]) -> list[Item]:
    return [item for item in items if item.type == "function_call"]


def words(outputs: Sequence[Item]) -> str:
    """What the model says to the person; its comments on the way only if there is nothing else."""
    said = [item for item in outputs if item.type == "message" and item.role == "assistant"]
    final = [item for item in said if item.phase != "commentary"] or said
    return "\n\n".join(text for item in final if (text := item.text.strip()))


def refusal(outputs: Sequence[Item]) -> str:
    """The words in which the model refuses; empty if it does not."""
    return " ".join(item.refusal for item in outputs if item.type == "message").strip()


def _standing(items: Sequence[Item], sent: int) -> Standing:
    """Of `items`, the first `sent` were sent; what follows up to the next message of a user is what came of them."""
    end = next((place for place, item in enumerate(items) if place >= sent and _is_users(item)), len(items))
    followed = items[sent:end]
    outputs = [place for place, item in enumerate(followed) if _is_output(item)]
    last = followed[outputs[-1] + 1 :] if outputs else followed
    spoke = any(item.type == "function_call" or item.role == "assistant" for item in last)
    return Standing(tuple(item.id for item in items[:end] if item.id), tuple(last) if spoke else ())


def _is_users(item: Item) -> bool:
    return item.type == "message" and item.role == "user"


def _is_output(item: Item) -> bool:
    return item.type == "function_call_output"
