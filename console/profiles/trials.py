"""Trials of drafts that run beside the page, until they end, are cancelled, or the page closes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from secrets import token_urlsafe
from typing import Any

import structlog

from console.profiles.port import Noted, NotTried, ProfileDesk, TrialAsked
from events.log import LogError
from events.profile import Profile

MOST_KEPT = 8
"""Trials that are kept; the oldest that has ended makes room for a new one."""

MOST_RUNNING = 2
"""Trials at once: each asks the model as fast as it answers."""

log = structlog.get_logger("recado.console")


class TooMany(Exception):
    """So many trials run already."""


class Trial:
    """A trial of a draft.

    - `noted`: how far it is.
    - `report`, `cost`: its result; None and empty until there is one.
    - `problem`: the reason for no result.
    """

    def __init__(self, id_: str, profile: Profile, asked: TrialAsked) -> None:
        self.id = id_
        self.profile = profile
        self.asked = asked
        self.noted = Noted(0, 0, 0)
        self.report: Any = None
        self.cost: Mapping[str, str] = {}
        self.problem = ""
        self.is_cancelled = False
        self.task: asyncio.Task[None] | None = None

    @property
    def runs(self) -> bool:
        return self.task is not None and not self.task.done()


class Trials:
    """The trials of one page. `closing` ends them."""

    def __init__(self, closing: asyncio.Event) -> None:
        self._closing = closing
        self._trials: dict[str, Trial] = {}

    def get(self, id_: str) -> Trial | None:
        return self._trials.get(id_)

    def start(self, desk: ProfileDesk, profile: Profile, asked: TrialAsked) -> Trial:
        """Raises TooMany."""
        if sum(trial.runs for trial in self._trials.values()) >= MOST_RUNNING:
            raise TooMany
        for old in [trial.id for trial in self._trials.values() if not trial.runs][: len(self._trials) + 1 - MOST_KEPT]:
            del self._trials[old]
        trial = Trial(token_urlsafe(12), profile, asked)
        self._trials[trial.id] = trial
        trial.task = asyncio.create_task(self._run(desk, trial))
        return trial

    def cancel(self, trial: Trial) -> None:
        if trial.task is not None and trial.runs:
            trial.is_cancelled = True
            trial.task.cancel()

    async def _run(self, desk: ProfileDesk, trial: Trial) -> None:
        def note(noted: Noted) -> None:
            trial.noted = noted

        work = asyncio.create_task(desk.try_out(trial.profile, trial.asked, note))
        closing = asyncio.create_task(self._closing.wait())
        try:
            await asyncio.wait({work, closing}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                trial.report = work.result()
                trial.cost = desk.cost(trial.report)
        except (NotTried, LogError) as reason:
            trial.problem = reason.args[0] if reason.args else ""
        except Exception as defect:
            log.exception("trial_broke", profile=trial.profile.name)
            trial.problem = f"{type(defect).__name__}: {defect}"
        finally:
            closing.cancel()
            work.cancel()
            await asyncio.gather(work, closing, return_exceptions=True)
