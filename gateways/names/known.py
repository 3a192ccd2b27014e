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
_NAMES = {mark: f"@{server}" for server, mark in _SERVERS.items()}
_TOKENS = {f"=40{server.replace('.', '=2E')}".encode(): mark for server, mark in _SERVERS.items()}
_TEXTS = {f"@{server}".encode(): mark for server, mark in _SERVERS.items()}
_SLOT = 3
"""Bytes of the number of a string."""


class Known:
    r"""Each name with the canonical name of its person. The names are JIDs in their stored form.

    A record of a name is `\n`, the name, `\0`, the canonical name, `\r`; it lies in the string of the name. One of a
    canonical name is `\n`, that name, `\0` and the number of a string in which a record of its person lies.
    """

    def __init__(self) -> None:
        self._size = 0
        self._mask = _FEWEST - 1
        self._names: list[bytes | bytearray] = [_EMPTY] * _FEWEST
        self._people: list[bytes | bytearray] = [_EMPTY] * _FEWEST

    def __len__(self) -> int:
        return self._size

    def canonical(self, name: str) -> str:
        """The canonical name of the person with this name: `name` itself if nothing is known of it."""
        packed = _pack(name)
        string = self._names[hash(packed) & self._mask]
        at = string.find(b"\n" + packed + b"\0")
        if at < 0:
            return name
        start = at + len(packed) + 2
        return _unpack(bytes(string[start : string.index(b"\r", start)]))

    def is_canonical(self, name: str) -> bool:
        """Whether other names stand for this one."""
        packed = _pack(name)
        return b"\n" + packed + b"\0" in self._people[hash(packed) & self._mask]

    def family(self, name: str) -> tuple[str, ...]:
        """Every name of the person, the canonical one first; `name` alone if nothing is known of it."""
        canonical = self.canonical(name)
        return (canonical, *self.others(canonical))

    def others(self, canonical: str) -> tuple[str, ...]:
        """The other names of the person with this canonical name."""
        packed = _pack(canonical)
        if b"\n" + packed + b"\0" not in self._people[hash(packed) & self._mask]:
            return ()
        return tuple(map(_unpack, self._of(packed)))

    def put(self, name: str, canonical: str) -> None:
        """Take in that `name` stands for `canonical`, and so do the names that stood for `name`. If that would be a
        circle, nothing changes."""
        canonical = self.canonical(canonical)
        if name == canonical:
            return
        packed, target = _pack(name), _pack(canonical)
        followers = list(self._of(packed))
        for one in (packed, *followers):
            self._remove(one)
            self._add(one, target)

    def load(self, token: bytes, canonical: bytes) -> bool:
        """Take in, while the bucket is read for the first time, that the name with this token of a subject stands for
        `canonical`. The name was in no record before. False, and nothing is taken in, if one of them is no plain
        name: those need a closer look."""
        packed, target = _plain(token, _TOKENS), _plain(canonical, _TEXTS)
        if packed is None or target is None:
            return False
        if packed != target:
            self._add(packed, target)
        return True

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

    def _of(self, canonical: bytes) -> Iterator[bytes]:
        """The names that stand for a canonical one."""
        people, wanted = self._people[hash(canonical) & self._mask], b"\n" + canonical + b"\0"
        slots, at = list[int](), people.find(wanted)
        while at >= 0:
            end = at + len(wanted) + _SLOT
            slots.append(int.from_bytes(people[end - _SLOT : end], "big"))
            at = people.find(wanted, end)
        for slot in dict.fromkeys(slots):
            string, record = self._names[slot], b"\0" + canonical + b"\r"
            end = string.find(record)
            while end >= 0:
                yield bytes(string[string.rindex(b"\n", 0, end) + 1 : end])
                end = string.find(record, end + 1)


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


def _plain(text: bytes, ends: dict[bytes, bytes]) -> bytes | None:
    """The packed name of a text of letters, digits and dots before one of these ends."""
    for end, mark in ends.items():
        if text.endswith(end):
            user = text[: -len(end)]
            if user.isalnum():
                return mark + user
            user = user.replace(b"=2E", b".")
            return mark + user if user.replace(b".", b"").isalnum() else None
    return None


def _unpack(packed: bytes) -> str:
    server = _NAMES.get(packed[:1])
    return packed[1:].decode() + server if server is not None else packed.decode()
