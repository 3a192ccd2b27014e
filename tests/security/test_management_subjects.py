"""The rights of each role at JetStream: every subject of the server's, on each stream of recado's and a foreign one."""

from __future__ import annotations

import re

import pytest
from structlog.testing import capture_logs

from tests.deploy.conftest import As, connected_as, deployed
from tests.deploy.jetstream_subjects import MAY, STREAMS, SUBJECTS, VERSION
from tests.deploy.nats import ROLES
from tests.nats_server import BINARY
from tests.waiting import until

__all__ = ["connected_as", "deployed"]
FENCE = "nobody.may"


def _asked() -> dict[str, tuple[str, str]]:
    """Each concrete subject, with its pattern and stream."""
    asked = {}
    for pattern in SUBJECTS:
        for stream in (*STREAMS, "FOREIGN") if "*" in pattern else ("",):
            subject = pattern.replace("*", stream, 1).replace("*", "x").replace(">", "x.y")
            asked[f"$JS.API.{subject}"] = (pattern, stream)
    return asked


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_may_ask_what_the_table_says_and_nothing_else(role: str, connected_as: As) -> None:
    """The server says what it refuses; an empty request with no answer address changes nothing."""
    bus = await connected_as(role)
    assert bus._server_info["version"] == VERSION, "renew tests/deploy/jetstream_subjects.py for this server"
    asked = _asked()
    with capture_logs() as logs:
        for subject in asked:
            await bus.publish(subject, b"?")
        await bus.publish(FENCE, b"")
        await until(lambda: any(FENCE in entry.get("error", "") for entry in logs))
    said = " ".join(entry.get("error", "") for entry in logs).lower()
    refused = {subject for subject in asked if f'publish to "{subject.lower()}"' in said}
    may = {subject for subject, (pattern, stream) in asked.items() if pattern in MAY[role].get(stream, set())}
    assert asked.keys() - refused == may


def test_the_table_is_whole() -> None:
    """Every subject that the program itself names is in the table (in the program some letters may follow)."""
    named = {
        found.decode()
        for found in re.findall(rb"\$JS\.API\.([A-Z_]+(?:\.[A-Z_]+)*(?:\.\*)*(?:\.>)?)", BINARY.read_bytes())
    }
    wide = {f"{kind}.>" for kind in ("ACCOUNT", "CONSUMER", "DIRECT", "META", "SERVER", "STREAM")}
    bare = {pattern.replace(".*", "").replace(".>", "") for pattern in SUBJECTS}
    unknown = {
        name
        for name in named - wide
        if not any(name.replace(".*", "").replace(".>", "").startswith(known) for known in bare)
    }
    # Beginnings that the program completes: "$JS.API.CONSUMER.MSG.NEXT." and the like.
    assert not {name for name in unknown if not any(known.startswith(name) for known in bare) and len(name) > 1}
