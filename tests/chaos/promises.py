"""The verdict at the end of every test that lets something break."""

from __future__ import annotations

import asyncio

from tests.chaos.log_watch import LogWatch
from tests.chaos.process import Recado


async def promises_kept(log: LogWatch, *processes: Recado, seed: str = "", patience: float = 60.0) -> None:
    """No work is pending, no promise was broken, and the projection of every process is what the log says."""
    await log.settled(patience=patience)
    wrong = log.wrong()
    about = {violation.key for violation in wrong}
    assert not wrong, "\n".join([log.told(about=about), f"seed {seed}", *map(str, wrong)])
    await asyncio.gather(*(process.is_verified() for process in processes))
