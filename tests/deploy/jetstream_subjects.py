"""Every management subject of the pinned nats-server, and who may publish there."""

from __future__ import annotations

from events.stores import STORES, Right, Role, Store

VERSION = "2.15.1"
"""Renew SUBJECTS with it: `server/jetstream_api.go` of that version names them all, and so does the program itself."""

SUBJECTS = (
    "INFO",
    *(f"STREAM.{verb}.*" for verb in ("CREATE", "UPDATE", "INFO", "DELETE", "PURGE", "SNAPSHOT", "RESTORE")),
    *("STREAM.NAMES", "STREAM.LIST", "STREAM.MSG.DELETE.*", "STREAM.MSG.GET.*", "STREAM.CANCEL_MOVE.*"),
    *("STREAM.PEER.REMOVE.*", "STREAM.PEER.EVACUATE.*", "STREAM.LEADER.STEPDOWN.*"),
    *("DIRECT.GET.*", "DIRECT.GET.*.>"),
    *("CONSUMER.CREATE.*", "CONSUMER.CREATE.*.>", "CONSUMER.DURABLE.CREATE.*.*"),
    *("CONSUMER.NAMES.*", "CONSUMER.LIST.*", "CONSUMER.MSG.NEXT.*.*", "CONSUMER.LEADER.STEPDOWN.*.*"),
    *(f"CONSUMER.{verb}.*.*" for verb in ("INFO", "DELETE", "PAUSE", "RESET", "UNPIN", "PEER.REMOVE", "PEER.EVACUATE")),
    *("META.LEADER.STEPDOWN", "META.RESCUE", "SERVER.REMOVE", "SERVER.EVACUATE"),
    *("ACCOUNT.PURGE.*", "ACCOUNT.STREAM.MOVE.*.*", "ACCOUNT.STREAM.CANCEL_MOVE.*.*"),
)
"""Without `$JS.API.`."""

STREAMS = tuple(STORES)

_ASKS: dict[Right, set[str]] = {
    "look": {"STREAM.INFO.*"},
    "read": {"STREAM.MSG.GET.*"},
    "list": {"DIRECT.GET.*"},
    "follow": {"CONSUMER.CREATE.*.>", "CONSUMER.MSG.NEXT.*.*", "CONSUMER.DELETE.*.*"},
    "hear": {"CONSUMER.MSG.NEXT.*.*", "CONSUMER.DELETE.*.*"},
    "make": {"STREAM.CREATE.*"},
    "change": {"STREAM.UPDATE.*"},
    "erase": {"STREAM.MSG.DELETE.*"},
    "purge": {"STREAM.PURGE.*"},
    "operate": {
        *("STREAM.LEADER.STEPDOWN.*", "STREAM.SNAPSHOT.*", "STREAM.RESTORE.*"),
        *("CONSUMER.NAMES.*", "CONSUMER.LIST.*", "CONSUMER.INFO.*.*", "CONSUMER.MSG.NEXT.*.*", "CONSUMER.DELETE.*.*"),
    },
}
_ASKS_ANYWHERE: dict[Role, dict[str, set[str]]] = {
    "instance": {"": {"INFO"}},
    "gateway": {},
    "consumer": {},
    "operator": {
        "": {"INFO", "STREAM.NAMES", "STREAM.LIST"},
        "FOREIGN": _ASKS["look"] | _ASKS["read"] | _ASKS["operate"],
    },
}


def _asks(store: Store, role: Role) -> set[str]:
    return {pattern for right in store.rights.get(role, ()) for pattern in _ASKS[right]}


MAY: dict[Role, dict[str, set[str]]] = {
    role: anywhere | {name: _asks(store, role) for name, store in STORES.items()}
    for role, anywhere in _ASKS_ANYWHERE.items()
}
"""By role and stream. A gateway and a consumer also make the consumers whose filters test_roles names."""
