"""Every stream, bucket and object store that recado keeps on a bus, in one table.

Backup and restore read it. Tests compare it with the roles of deploy/nats, with the limits that the server was given,
and with the stores of a bus on which recado has run: a store that is missing here fails them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

LEASES = "LEASES"
ALIASES = "ALIASES"
USERS = "USERS"

Kind = Literal["stream", "bucket", "objects"]
Role = Literal["instance", "gateway", "consumer", "operator"]

Right = Literal["look", "read", "list", "follow", "hear", "make", "change", "erase", "purge", "operate"]
"""The requests about a store that a role may make.

- `look`: its configuration
- `read`: one message
- `list`: many messages at once
- `follow`: any consumer
- `hear`: consumers of the filters that roles.conf names
- `make`, `change`: the store itself
- `erase`: one message
- `purge`: all of a subject
- `operate`: save, restore, move, and see its consumers
"""


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """A store.

    - `stream`: its name as a JetStream stream
    - `writers`: by role, the subjects on which it adds to the store
    - `rights`: by role, the requests about the store that it may make
    - `bounds`: fields of its configuration that limit it, all above 0
    - `saved`: backups hold it; else why not
    - `erased`: erasing a chat reaches into it; else why not
    """

    stream: str
    kind: Kind
    writers: Mapping[Role, frozenset[str]]
    rights: Mapping[Role, frozenset[Right]]
    bounds: frozenset[str]
    saved: Literal[True] | str
    erased: Literal[True] | str


_LOOKS: frozenset[Right] = frozenset({"look", "read"})
_OPERATES: frozenset[Right] = _LOOKS | {"operate"}

_ALL = (
    Store(
        stream="EVENTS",
        kind="stream",
        writers={
            "instance": frozenset({"evt.*.*.*.o.*", "wa.control.*.*"}),
            "gateway": frozenset({"wa.in.*.*", "wa.edit.*.*", "wa.revoke.*.*", "wa.receipt.*.*"}),
            "operator": frozenset(
                {"wa.in.*.*", "wa.edit.*.*", "wa.revoke.*.*", "wa.control.*.*", "wa.receipt.*.*"}
                | {f"evt.*.*.*.o.{type_}" for type_ in ("thread_created", "ignored", "turn_failed")}
            ),
        },
        rights={
            "instance": _LOOKS | {"follow", "make", "change", "erase"},
            "gateway": _LOOKS | {"hear"},
            "operator": _OPERATES | {"follow", "change"},
        },
        bounds=frozenset({"max_bytes"}),
        saved=True,
        erased=True,
    ),
    Store(
        stream="DLQ",
        kind="stream",
        writers={"instance": frozenset({"wa.dlq.*"}), "gateway": frozenset({"wa.dlq.*"})},
        rights={
            "instance": _LOOKS | {"make", "change", "erase"},
            "gateway": frozenset({"look"}),
            "operator": _OPERATES | {"follow", "change"},
        },
        bounds=frozenset({"max_bytes"}),
        saved=True,
        erased=True,
    ),
    Store(
        stream="ACCOUNTS",
        kind="stream",
        writers={"gateway": frozenset({"wa.account.*"})},
        rights={
            "instance": _LOOKS | {"make", "change"},
            "gateway": _LOOKS,
            "operator": _OPERATES,
        },
        bounds=frozenset({"max_bytes", "max_msgs_per_subject"}),
        saved=True,
        erased="it names accounts, templates and states, and no chat: gateways shorten phone numbers in it",
    ),
    Store(
        stream="PROFILES",
        kind="stream",
        writers={"instance": frozenset({"profile.*"}), "operator": frozenset({"profile.*"})},
        rights={
            "instance": _LOOKS | {"follow", "make", "change"},
            "gateway": frozenset({"look"}),
            "operator": _OPERATES,
        },
        bounds=frozenset({"max_bytes", "max_msg_size"}),
        saved=True,
        erased="an operator wrote in it whom a profile is for, as in a file of settings, and keeps or removes that",
    ),
    Store(
        stream="KNOWLEDGE",
        kind="stream",
        writers={"instance": frozenset({"kb.*.*"}), "operator": frozenset({"kb.*.*"})},
        rights={
            "instance": _LOOKS | {"follow", "make", "change"},
            "gateway": frozenset({"look"}),
            "operator": _OPERATES,
        },
        bounds=frozenset({"max_bytes", "max_msg_size"}),
        saved=True,
        erased="it holds the business's own documents; drafts from chats enter it only once a person accepts them",
    ),
    Store(
        stream=f"KV_{LEASES}",
        kind="bucket",
        writers={"instance": frozenset({"$KV.LEASES.>"}), "gateway": frozenset({"$KV.LEASES.g.*"})},
        rights={
            "instance": _LOOKS | {"list", "make", "change"},
            "gateway": frozenset({"read"}),
            "operator": _OPERATES | {"list"},
        },
        bounds=frozenset({"max_bytes", "max_msg_size", "max_msgs_per_subject"}),
        saved="a lease is over within seconds",
        erased="it names instances and accounts, and no chat",
    ),
    Store(
        stream=f"KV_{ALIASES}",
        kind="bucket",
        writers={"instance": frozenset({"$KV.ALIASES.*.*"}), "gateway": frozenset({"$KV.ALIASES.*.*"})},
        rights={
            "instance": _LOOKS | {"follow", "make", "change", "erase", "purge"},
            "gateway": _LOOKS | {"hear"},
            "operator": _OPERATES,
        },
        bounds=frozenset({"max_bytes", "max_msgs_per_subject"}),
        saved=True,
        erased=True,
    ),
    Store(
        stream=f"KV_{USERS}",
        kind="bucket",
        # An instance writes the password that a user changes on its page.
        writers={"instance": frozenset({"$KV.USERS.*"}), "operator": frozenset({"$KV.USERS.*"})},
        rights={
            "instance": _LOOKS | {"follow", "make"},
            "operator": _OPERATES,
        },
        bounds=frozenset({"max_bytes", "max_msg_size", "max_msgs_per_subject"}),
        saved=True,
        erased="it names those who work at the desk, and no person who writes",
    ),
    Store(
        stream="KV_DESK",
        kind="bucket",
        writers={"instance": frozenset({"$KV.DESK.seen.*", "$KV.DESK.open.*.*"})},
        rights={
            "instance": _LOOKS | {"follow", "make", "erase"},
            "operator": _OPERATES,
        },
        bounds=frozenset({"max_bytes", "max_age", "max_msg_size", "max_msgs_per_subject"}),
        saved="it only says which chats users have seen, and who has one open: it may be lost",
        erased=True,
    ),
    Store(
        stream="OBJ_MEDIA",
        kind="objects",
        writers={
            "instance": frozenset({"$O.MEDIA.C.*", "$O.MEDIA.M.*"}),
            "gateway": frozenset({"$O.MEDIA.>"}),
            "operator": frozenset({"$O.MEDIA.C.*", "$O.MEDIA.M.*"}),
        },
        rights={
            "instance": _LOOKS | {"make", "change", "erase"},
            "gateway": _LOOKS | {"purge"},
            "operator": _OPERATES,
        },
        bounds=frozenset({"max_bytes", "max_age"}),
        saved=True,
        erased=True,
    ),
    # Bytes are written before their entry and never taken away: entries are saved first, so a backup has their bytes.
    Store(
        stream="KV_FILES",
        kind="bucket",
        writers={"instance": frozenset({"$KV.FILES.*.*"}), "operator": frozenset({"$KV.FILES.*.*"})},
        rights={
            "instance": _LOOKS | {"make"},
            "operator": _OPERATES | {"change"},
        },
        bounds=frozenset({"max_bytes", "max_msgs_per_subject"}),
        saved=True,
        erased="it names the files and places of an account, which an operator added for everyone and removes",
    ),
    Store(
        stream="OBJ_LIBRARY",
        kind="objects",
        writers={
            "instance": frozenset({"$O.LIBRARY.C.*", "$O.LIBRARY.M.*"}),
            "operator": frozenset({"$O.LIBRARY.C.*", "$O.LIBRARY.M.*"}),
        },
        rights={
            "instance": _LOOKS | {"make"},
            "gateway": _LOOKS,
            "operator": _OPERATES | {"change"},
        },
        bounds=frozenset({"max_bytes"}),
        saved=True,
        erased="an operator added its files for everyone; a file that is sent to one chat alone is in MEDIA",
    ),
)

STORES: Mapping[str, Store] = {store.stream: store for store in _ALL}
"""By the name of the stream."""
