"""Phone numbers that go from one person to another. Pure.

Whoever changes the number takes along the chat and every other name. The old number is nobody's then: who writes from
it later is a stranger, whose chat has a name of its own (events.jid.next_holder).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from events.jid import PHONE, held_since, next_holder
from gateways.names.known import Known
from gateways.names.person import BSUID


class Step(NamedTuple):
    """An entry to be written: `name` stands for `canonical`."""

    name: str
    canonical: str


def without_foreign_number(known: Known, names: tuple[str, ...], users: Sequence[str] = ()) -> tuple[str, ...]:
    """The names without the numbers that are known to be another person's: with another user id than one of these, or
    of a later holder while another name is a former one's.

    - `users`: further user ids of the person.
    """
    others = [*users, *(name for name in names if not name.endswith(PHONE))]
    if not others:
        return names
    return tuple(name for name in names if not (name.endswith(PHONE) and _is_foreign(known, name, others)))


def _is_foreign(known: Known, number: str, others: Sequence[str]) -> bool:
    family = known.family(number)
    theirs = {name for name in family if name.endswith(BSUID)}
    users = [name for name in others if name.endswith(BSUID)]
    if theirs and users:
        return theirs.isdisjoint(users)
    people = (known.canonical(name) for name in others if known.canonical(name) != name or known.is_canonical(name))
    return held_since(family[0]) > 0 and any(person != family[0] for person in people)


def leaves(known: Known, root: str, target: str, since: int, *, keeps_users: bool = True) -> Iterator[Step]:
    """The entries to be written once the person `root` has no number any more and is called `target`; that of `root`
    itself is the last, so that a crash in between leaves it to be found again.

    - `since`: the time of the change, in seconds since 1970.
    - `keeps_users`: the user ids of `target` are known. If not, the former ones stay with the number: beside them a new
      one would look like another person's.
    """
    others = known.others(root)
    numbers = [name for name in (root, *others) if name.endswith(PHONE)]
    holder = next_holder(numbers[0], since) if numbers else target
    for name in others:
        if not name.endswith(PHONE if keeps_users or root not in numbers else (PHONE, BSUID)):
            yield Step(name, target)
        elif root not in numbers:
            yield Step(name, holder)  # else they follow the root's entry
    yield Step(root, holder if root in numbers else target)
