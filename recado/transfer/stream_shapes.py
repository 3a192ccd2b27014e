"""Compares the streams in a backup with those that recado makes, and with plain buckets.

Otherwise a changed file could make the bus publish the log elsewhere, or store messages that no person wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from events.jetstream.streams import shape_of
from events.stores import STORES

_FREE = frozenset(
    {"max_bytes", "num_replicas", "compression", "placement", "description", "metadata", "duplicate_window"}
)
"""Fields that the operator chooses: place and size."""

_FREE_OF_BUCKETS = _FREE | {
    "storage",
    "max_age",
    "max_msgs_per_subject",
    "max_msg_size",
    "discard",
    "deny_delete",
    "allow_direct",
    "allow_msg_ttl",
    "subject_delete_marker_ttl",
}
_NEUTRAL: tuple[Any, ...] = (None, False, 0, -1, "", "none", "default")


def differences(name: str, config: Mapping[str, Any]) -> list[str]:
    """The fields in which a stream differs from recado's stream of this name; `name` if recado makes none."""
    wanted = _wanted(name)
    if wanted is None or config.get("name") != name:
        return ["name"]
    free = _FREE if _is_stream(name) else _FREE_OF_BUCKETS
    return sorted(
        field for field in {*config, *wanted} - free if not _same(field, config.get(field), wanted.get(field))
    )


def _wanted(name: str) -> dict[str, Any] | None:
    if _is_stream(name):
        return shape_of(name)
    kind, _, bucket = name.partition("_")
    if (name in STORES and STORES[name].saved is not True) or not bucket.replace("-", "").replace("_", "").isalnum():
        return None
    subjects = {"KV": [f"$KV.{bucket}.>"], "OBJ": [f"$O.{bucket}.C.>", f"$O.{bucket}.M.>"]}.get(kind)
    if subjects is None:
        return None
    return {
        "name": name,
        "subjects": subjects,
        "retention": "limits",
        "allow_rollup_hdrs": True,
    }


def _is_stream(name: str) -> bool:
    return name in STORES and STORES[name].kind == "stream"


def _same(field: str, stored: Any, wanted: Any) -> bool:
    if field == "subjects" and isinstance(stored, list):
        # An older version made the log with fewer subjects.
        return bool(stored) and all(subject in wanted for subject in stored)
    return stored == wanted or (_is_neutral(stored) and _is_neutral(wanted))


def _is_neutral(value: Any) -> bool:
    return value in _NEUTRAL if not isinstance(value, dict | list) else not value
