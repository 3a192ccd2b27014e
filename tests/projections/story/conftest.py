"""The story of an id, as a projection and the log tell it."""

from datetime import timedelta
from typing import Any

import pytest

from projections.story.step import Step
from projections.story.story import story
from tests.projections.conftest import Known
from tests.projections.past import ANA, Past


@pytest.fixture
def tell(known: Known, past: Past) -> Any:
    """The steps of an id's story, with all that the log says or, `blind`, without the log."""

    def steps(id_: str, *, blind: bool = False, owners: dict[int, str] | None = None) -> list[Step]:
        (why,) = known.after(past).queries.why(id_)
        first = why.entry.seq if why.what == "message" and why.entry is not None else why.turn.seq if why.turn else 0
        facts = [] if blind else [one for one in past.events if one.key == ANA and one.seq >= first]
        return story(why, past.now + timedelta(seconds=12), facts, owners)

    return steps


def words(steps: list[Step], kind: str | None = None) -> list[str]:
    return [step.what for step in steps if kind in (None, step.kind)]
