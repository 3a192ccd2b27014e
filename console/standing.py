"""Says on a page why recado takes no work."""

from __future__ import annotations

from typing import NamedTuple

from console.deps import Deps
from console.languages import Translate


class Standing(NamedTuple):
    """Whether recado takes work.

    - `trouble`: why it does not, as a sentence; empty: it does.
    - `has_bus`: the bus answers.
    """

    trouble: str
    has_bus: bool


def standing(deps: Deps, _: Translate) -> Standing:
    """How recado stands now, in the language of the page."""
    if not deps.has_bus():
        return Standing(
            _(
                "recado answers, but its bus does not. What you see may be old, and nothing can be sent until the bus "
                "is back. What you type is kept."
            ),
            has_bus=False,
        )
    reasons = "; ".join(map(_.say, deps.not_ready()))
    return Standing(_("recado takes no work now: %(reasons)s.", reasons=reasons) if reasons else "", has_bus=True)
