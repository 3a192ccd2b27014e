"""All readers of the names know the same people: those who followed every entry as it was written, and those who read
the bucket at a start, which has the last entry of each name alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateways.names.changed_hands import leaves, stands_alone, still_to_leave
from gateways.names.known import Known
from gateways.names.number_plans import other_forms

OLD, FORM, LID, USER = "5511987654321@s.whatsapp.net", "551187654321@s.whatsapp.net", "99887766@lid", "BR.1@bsuid"
NEW, NEW_FORM, ALICE, BOB = "5521987654321@s.whatsapp.net", "552187654321@s.whatsapp.net", "1@lid", "BR.2@bsuid"
NAMES = (OLD, FORM, LID, USER, NEW, NEW_FORM, ALICE, BOB)


class Bucket:
    """The entries, and a reader of each kind."""

    def __init__(self) -> None:
        self.last: dict[str, str] = {}
        self.follower = Known()
        self.times = count(1)

    def write(self, name: str, canonical: str) -> None:
        self.last.pop(name, None)  # the last entry of a name has a place of its own
        self.last[name] = canonical
        self.follower.put(name, canonical)
        late = self.late()
        for one in {*NAMES, *self.last, *self.last.values()}:
            assert late.canonical(one) == self.follower.canonical(one), (one, list(self.last.items()))

    def late(self) -> Known:
        known = Known()
        for entry in self.last.items():
            known.put(*entry)
        return known

    def are_one(self, names: Sequence[str], stays: int) -> None:
        """A message names one person so; which of the chats began first is any."""
        every = dict.fromkeys((*names, *(form for name in names for form in other_forms(name))))
        roots = list(dict.fromkeys(self.follower.canonical(name) for name in every))
        keeps = roots[stays % len(roots)]
        for root in roots:
            if root != keeps:
                self.write(root, keeps)

    def moves(self, former: str, now: str, *, keeps_users: bool, steps: int) -> None:
        """The number changes; the gateway dies after so many entries, and another one, which has just started, is told
        again."""
        since = next(self.times)
        self._move(self.follower, former, now, since, keeps_users, steps)
        self._move(self.late(), former, now, since, keeps_users, 100)

    def _move(self, known: Known, former: str, now: str, since: int, keeps_users: bool, steps: int) -> None:  # noqa: PLR0917
        for name, canonical in list(stands_alone(known, (former,), now)):
            self.write(name, canonical)
            known.put(name, canonical)
        target, root = known.canonical(now), known.canonical(former)
        if root == target:
            return
        for name, canonical in list(leaves(known, root, target, since, keeps_users=keeps_users))[:steps]:
            self.write(name, canonical)
        if steps < 100:
            return
        for name, canonical in list(still_to_leave(self.late(), (former,), (now,), target, since)):
            self.write(name, canonical)


_SAME = st.tuples(st.lists(st.sampled_from(NAMES), min_size=2, max_size=3), st.integers(0, 3))
_MOVE = st.tuples(
    st.sampled_from([OLD, FORM, LID, USER, ALICE]),
    st.sampled_from([NEW, NEW_FORM, OLD]),
    st.booleans(),
    st.integers(0, 6),
)


@settings(max_examples=200)
@given(st.lists(_SAME | _MOVE, max_size=6))
@example([([LID, OLD], 1), ([USER, OLD], 0), (OLD, NEW, True, 100)])
@example([([FORM, LID], 1), ([LID, OLD], 1), (OLD, NEW, True, 100)])
@example([([OLD, FORM], 0), ([USER, OLD], 0), (OLD, NEW, True, 2)])
def test_every_reader_knows_the_same_people(happens: list[tuple[object, ...]]) -> None:
    """After each single entry, also where a gateway dies between two: above all about the second written form of a
    number that changed."""
    bucket = Bucket()
    for one in happens:
        match one:
            case (list(names), int(stays)):
                bucket.are_one(names, stays)
            case (str(former), str(now), bool(keeps_users), int(steps)):
                bucket.moves(former, now, keeps_users=keeps_users, steps=steps)
