"""The names of an account's people in memory, packed: a million of them in less than 120 MB.

A dict of texts would take three times as much. Here the names whose hash ends alike lie in one string of bytes, which
C searches in less time than Python takes for one step of a loop. Python's hash is keyed by chance for each process, so
that nobody can choose names that fill one string.
"""

from __future__ import annotations

from collections.abc import Iterator

_FEWEST = 1 << 8
_GROWTH = 8
_MOST_IN_ONE = 8
"""Records of a string, on average, above which there are more strings."""

_EMPTY = b""
_SERVERS = {"s.whatsapp.net": b"\1", "lid": b"\2", "bsuid": b"\3"}
_NAMES = {mark[0]: f"@{server}" for server, mark in _SERVERS.items()}
_TOKENS = {server.replace(".", "=2E").encode(): mark for server, mark in _SERVERS.items()}
_TEXTS = {server.encode(): mark for server, mark in _SERVERS.items()}
_SLOT = 3
"""Bytes of the number of a string."""

_IN_A_PART = 2048
"""Strings of a part: 1 MB of a million names."""


class Known:
    r"""Each name with the canonical name of its person. The names are JIDs in their stored form.

    A record of a name is `\n`, the name, `\0`, the canonical name, `\r`; it lies in the string of the name. One of a
    canonical name is `\n`, that name, `\0` and the number of a string in which a record of its person lies.
    """

    def __init__(self, size: int = 0) -> None:
        """Room for `size` names; more make it grow."""
        count = _FEWEST
        while size > _MOST_IN_ONE * count:
            count *= _GROWTH
        self._size = 0
        self._mask = count - 1
        self._names: list[bytes | bytearray] = [_EMPTY] * count
        self._people: list[bytes | bytearray] = [_EMPTY] * count

    def __len__(self) -> int:
        return self._size

    def canonical(self, name: str) -> str:
        """The canonical name of the person with this name: `name` itself if nothing is known of it."""
        packed = _pack(name)
        string = self._names[hash(packed) & self._mask]
        at = string.find(b"\n%b\0" % packed)
        if at < 0:
            return name
        start = at + len(packed) + 2
        return _unpack(string[start : string.index(b"\r", start)])

    def is_canonical(self, name: str) -> bool:
        """True if other names stand for this one."""
        packed = _pack(name)
        return b"\n" + packed + b"\0" in self._people[hash(packed) & self._mask]

    def family(self, name: str) -> tuple[str, ...]:
        """Every name of the person, the canonical one first; `name` alone if nothing is known of it."""
        canonical = self.canonical(name)
        return (canonical, *self.others(canonical))

    def others(self, canonical: str) -> tuple[str, ...]:
        """The other names of the person with this canonical name."""
        return tuple([_unpack(name) for name in self._of(_pack(canonical))])

    def put(self, name: str, canonical: str) -> None:
        """Take in that `name` stands for `canonical`, and so do the names that stood for `name`; for itself: for none
        any more. If that would be a circle, nothing changes."""
        if name == canonical:
            self.remove(name)
            return
        canonical = self.canonical(canonical)
        if name == canonical:
            return
        packed, target = _pack(name), _pack(canonical)
        for one in (packed, *self._of(packed)):
            self._remove(one)
            self._add(one, target)

    def load(self, token: bytes, canonical: bytes) -> bool:
        """Take in, while the bucket is read for the first time, that the name with this token of a subject stands for
        `canonical`. False, and nothing is taken in, if one of them is no plain name, or something is known of either
        already: those need a closer look."""
        packed, target = _plain(token, b"=40", _TOKENS), _plain(canonical, b"@", _TEXTS)
        if packed is None or target is None or packed == target:
            return False
        if b"\n%b\0" % packed in self._names[hash(packed) & self._mask]:
            return False
        if b"\n%b\0" % target in self._names[hash(target) & self._mask]:
            return False
        if b"\n%b\0" % packed in self._people[hash(packed) & self._mask]:
            return False
        self._add(packed, target)
        return True

    def parts(self) -> Iterator[bytes]:
        """The records of all names, in parts of whole records. The names may change between two parts."""
        names = self._names
        for first in range(0, len(names), _IN_A_PART):
            if part := b"".join(names[first : first + _IN_A_PART]):
                yield part

    def fill(self, records: bytes) -> None:
        """Take in the records of a part, whose names are not known yet. Raises ValueError."""
        names, people, mask = self._names, self._people, self._mask
        count = 0
        for record in records.split(b"\r"):
            if not record:
                continue
            name, between, target = record.partition(b"\0")
            if not between or name[:1] != b"\n":
                raise ValueError("a name is not packed as this release packs it")
            slot, home = hash(name[1:]) & mask, hash(target) & mask
            if string := names[slot]:
                string += record + b"\r"
            else:
                names[slot] = bytearray(record + b"\r")
            person = b"\n%b\0%b" % (target, slot.to_bytes(_SLOT, "big"))
            if string := people[home]:
                string += person
            else:
                people[home] = bytearray(person)
            count += 1
        self._size += count
        if self._size > _MOST_IN_ONE * len(names):
            self._grow()

    def remove(self, name: str) -> None:
        """Take in that `name` stands for none any more."""
        self._remove(_pack(name))

    def _add(self, packed: bytes, target: bytes) -> None:
        slot, home = hash(packed) & self._mask, hash(target) & self._mask
        _extend(self._names, slot, b"\n%b\0%b\r" % (packed, target))
        _extend(self._people, home, b"\n%b\0%b" % (target, slot.to_bytes(_SLOT, "big")))
        self._size += 1
        if self._size > _MOST_IN_ONE * len(self._names):
            self._grow()

    def _grow(self) -> None:
        records = [record.split(b"\0") for string in self._names for record in bytes(string).split(b"\r")[:-1]]
        count = _GROWTH * len(self._names)
        self._size, self._mask = 0, count - 1
        self._names, self._people = [_EMPTY] * count, [_EMPTY] * count
        for name, canonical in records:
            self._add(name[1:], canonical)

    def _remove(self, packed: bytes) -> None:
        slot = hash(packed) & self._mask
        string = self._names[slot]
        at = string.find(b"\n" + packed + b"\0")
        if at < 0:
            return
        end = string.index(b"\r", at) + 1
        target = bytes(string[at + len(packed) + 2 : end - 1])
        _cut(self._names, slot, at, end)
        home, record = hash(target) & self._mask, b"\n%b\0%b" % (target, slot.to_bytes(_SLOT, "big"))
        at = self._people[home].find(record)
        _cut(self._people, home, at, at + len(record))
        self._size -= 1

    def _of(self, canonical: bytes) -> list[bytes]:
        """The names that stand for a canonical one."""
        people, wanted = self._people[hash(canonical) & self._mask], b"\n%b\0" % canonical
        at, slots, found = people.find(wanted), set[bytes](), list[bytes]()
        record = b"\0%b\r" % canonical
        while at >= 0:
            end = at + len(wanted) + _SLOT
            slot = bytes(people[end - _SLOT : end])
            if slot not in slots:
                slots.add(slot)
                string = self._names[int.from_bytes(slot, "big")]
                stop = string.find(record)
                while stop >= 0:
                    found.append(bytes(string[string.rindex(b"\n", 0, stop) + 1 : stop]))
                    stop = string.find(record, stop + 1)
            at = people.find(wanted, end)
        return found


def _extend(strings: list[bytes | bytearray], slot: int, record: bytes) -> None:
    if strings[slot]:
        strings[slot] += record
    else:
        strings[slot] = bytearray(record)


def _cut(strings: list[bytes | bytearray], slot: int, start: int, end: int) -> None:
    string = strings[slot]
    strings[slot] = string[:start] + string[end:]


def _pack(name: str) -> bytes:
    user, _, server = name.partition("@")
    mark = _SERVERS.get(server)
    return mark + user.encode() if mark is not None else name.encode()


def _plain(text: bytes, at: bytes, servers: dict[bytes, bytes]) -> bytes | None:
    """The packed name of a text of letters, digits and dots before `at` and one of these servers."""
    user, _, server = text.partition(at)
    mark = servers.get(server)
    if mark is None:
        return None
    if not user.isalnum():
        user = user.replace(b"=2E", b".")
        if not user.replace(b".", b"").isalnum():
            return None
    return mark + user


def _unpack(packed: bytes | bytearray) -> str:
    server = _NAMES.get(packed[0])
    return packed[1:].decode() + server if server is not None else packed.decode()
