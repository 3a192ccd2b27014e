"""The work that users share outlasts a kill -9, and a rebuild finds the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from events.decisions import Decision
from events.teamwork import Assigned, Labelled, Noted, Resolved
from tests.chaos.fleet import fleet


@pytest.mark.slow("an instance starts twice, and its projection is verified")
async def test_it_outlasts_a_kill(tmp_path: Path) -> None:
    """Of two users who assign at once the later in the log wins, and each has a decision of their own. An order that
    came while no instance ran is obeyed by the next."""
    async with fleet(tmp_path, "a") as those:
        await those.started("a")
        chat = await those.chat_of("a")
        await those.answered(chat, "m1")
        await those.outsider.order(chat, "o1", "assign", to="ana", by="ana")
        await those.outsider.order(chat, "o2", "assign", to="bea", by="bea")
        await those.outsider.order(chat, "o3", "note", text="pays on Friday", by="ana")
        await those.outsider.order(chat, "o4", "label", add=["VIP"], by="ana")
        await those.outsider.order(chat, "o5", "snooze", until="2999-01-01T00:00:00Z", by="ana")
        await those.log.seen("resolved", key=chat)
        those["a"].kill()
        await those.outsider.order(chat, "o6", "label", add=["new"], remove=["vip"], by="bea")
        await those["a"].restarted()
        await those.log.seen("labelled", key=chat, times=2)
        decided: dict[str, list[Decision]] = {}
        for one in those.log.events:
            if one.key == chat and isinstance(one.event, Assigned | Labelled | Noted | Resolved):
                decided.setdefault(one.event.cause or "", []).append(one.event)
        assert list(decided) == ["o1", "o2", "o3", "o4", "o5", "o6"]
        assert all(len(each) == 1 for each in decided.values())
        assert [(each.to, each.by) for (each,) in (decided["o1"], decided["o2"])] == [("ana", "ana"), ("bea", "bea")]  # type: ignore[union-attr]
        await those.kept_its_promises("a")
