"""Deleting a session: https://platform.openai.com/docs/guides/agents-api/sessions/manage"""

from __future__ import annotations

from collections.abc import Sequence

from backends.agents.client import BETA
from backends.provider.client import Wire
from backends.provider.delete_threads import KeptThreads, delete


async def _delete_session(wire: Wire, session: str, _: Sequence[str]) -> None:
    await delete(wire, f"/agents/sessions/{session}")


SESSIONS = KeptThreads(BETA, _delete_session)
