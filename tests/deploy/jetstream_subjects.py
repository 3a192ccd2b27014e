"""Every management subject of the pinned nats-server, and who may publish there."""

from __future__ import annotations

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

STREAMS = ("EVENTS", "DLQ", "KV_LEASES", "KV_ALIASES", "OBJ_MEDIA")
"""What recado keeps on a bus; a stream that is added is added here and to MAY."""

_CONSUMING = {"CONSUMER.CREATE.*.>", "CONSUMER.MSG.NEXT.*.*", "CONSUMER.DELETE.*.*"}
_LOOKING = {"STREAM.INFO.*", "STREAM.MSG.GET.*"}
_OPERATING = {
    *("STREAM.INFO.*", "STREAM.MSG.GET.*", "STREAM.LEADER.STEPDOWN.*", "STREAM.SNAPSHOT.*", "STREAM.RESTORE.*"),
    *("CONSUMER.NAMES.*", "CONSUMER.LIST.*", "CONSUMER.INFO.*.*", "CONSUMER.MSG.NEXT.*.*", "CONSUMER.DELETE.*.*"),
}
MAY: dict[str, dict[str, set[str]]] = {
    "instance": {
        "": {"INFO"},
        "EVENTS": _LOOKING | _CONSUMING | {"STREAM.CREATE.*", "STREAM.UPDATE.*", "STREAM.MSG.DELETE.*"},
        "DLQ": {"STREAM.INFO.*", "STREAM.CREATE.*", "STREAM.UPDATE.*"},
        "KV_LEASES": _LOOKING | {"STREAM.CREATE.*", "STREAM.UPDATE.*", "DIRECT.GET.*"},
        "KV_ALIASES": {"STREAM.INFO.*", "STREAM.CREATE.*"},
        "OBJ_MEDIA": _LOOKING | {"STREAM.CREATE.*", "STREAM.UPDATE.*", "STREAM.MSG.DELETE.*"},
    },
    "gateway": {
        "EVENTS": _LOOKING | (_CONSUMING - {"CONSUMER.CREATE.*.>"}),
        "DLQ": {"STREAM.INFO.*"},
        "KV_LEASES": {"STREAM.MSG.GET.*"},
        "KV_ALIASES": _LOOKING,
        "OBJ_MEDIA": _LOOKING | {"STREAM.PURGE.*"},
    },
    "consumer": {},
    "operator": {
        "": {"INFO", "STREAM.NAMES", "STREAM.LIST"},
        "EVENTS": _OPERATING | {"STREAM.UPDATE.*", "CONSUMER.CREATE.*.>"},
        "DLQ": _OPERATING | {"STREAM.UPDATE.*", "CONSUMER.CREATE.*.>"},
        "KV_LEASES": _OPERATING | {"DIRECT.GET.*"},
        "KV_ALIASES": _OPERATING,
        "OBJ_MEDIA": _OPERATING,
        "FOREIGN": _OPERATING,
    },
}
"""By role and stream. A gateway and a consumer also make the consumers whose filters test_roles names."""
