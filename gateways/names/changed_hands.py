"""Phone numbers that go from one person to another. Pure.

A person who changes the number takes along the chat and every other name. The old number is no one's then: a later
writer from it is a stranger, whose chat has a name of its own (events.jid.next_holder).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from events.jid import PHONE, held_since, next_holder, number_of
from gateways.names.known import Known
from gateways.names.number_plans import other_forms
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


def stands_alone(known: Known, former: Sequence[str], now: str) -> Iterator[Step]:
    """The entries after which the new number is no name of the former one, which is the person's canonical name: the
    person wrote from the new number before the change was told."""
    root = known.canonical(now)
    left = {number_of(form) for number in former for form in (number, *other_forms(number))}
    forms = [form for form in (now, *other_forms(now)) if known.canonical(form) == root]
    if root == now or not root.endswith(PHONE) or number_of(root) not in left or number_of(now) in left:
        return
    others = known.others(root)
    yield from _direct(others, root, forms)
    yield Step(now, now)
    yield from (Step(form, now) for form in forms if form != now)
    yield from (Step(user, now) for user in others if user.endswith(BSUID))  # the person wrote under it from there


def leaves(known: Known, root: str, target: str, since: int, *, keeps_users: bool = True) -> Iterator[Step]:
    """The entries to be written once the person `root` has no number any more and is called `target`. A crash in
    between leaves the former number to be found again: its entry is the last, and after that of a `root` that is none.

    - `since`: the time of the change, in seconds since 1970.
    - `keeps_users`: the user ids of `target` are known. If not, the former ones stay with the number: beside them a new
      one would look like another person's.
    """
    others = known.others(root)
    numbers = [name for name in (root, *others) if name.endswith(PHONE)]
    if root in numbers:
        gone = [name for name in others if not name.endswith(PHONE if keeps_users else (PHONE, BSUID))]
        yield from _direct(others, root, gone)
        for name in gone:  # the other numbers follow the root's entry
            yield Step(name, target)
        yield Step(root, next_holder(numbers[0], since))
    else:
        yield from _direct(others, root, numbers)
        yield Step(root, target)  # the other names follow it
        for name in numbers:
            yield Step(name, next_holder(numbers[0], since))


def still_to_leave(known: Known, former: Sequence[str], now: Sequence[str], target: str, since: int) -> Iterator[Step]:
    """The entries of the former numbers that are still names of the person `target`: a gateway died before it wrote
    them, or the person wrote from the new number before the change was told."""
    keeps = {target, *now, *(form for name in now for form in other_forms(name))}
    for number in former:
        if not number.endswith(PHONE):
            continue
        forms = (number, *other_forms(number))
        freed = (known.canonical(form) for form in forms if held_since(known.canonical(form)) >= since)
        holder = next(freed, next_holder(number, since))
        gone = [form for form in forms if form not in keeps and known.canonical(form) == target]
        yield from _direct(known.others(target), target, gone)
        yield from (Step(form, holder) for form in gone)


def _direct(others: Sequence[str], canonical: str, changed: Sequence[str]) -> Iterator[Step]:
    """The entries to be written before those of the `changed` ones among the `others` change: each name stands for the
    canonical one itself. It may have been written for another of them, when that was canonical; who reads the bucket
    later would take it along with that one, and who followed it would not."""
    if changed and len(others) > 1:
        yield from (Step(name, canonical) for name in others)
