"""The profiles of a bus for the desk: the table of their fields, their checks, and trials of drafts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from secrets import token_hex
from typing import Any, Literal

from chat.hours import Span
from chat.spending import Price
from console.profiles.port import Noted, NotTried, ProfileFault, ProfileField, TrialAsked
from events.jetstream.connection import Bus
from events.log import EventLog
from events.profile import InForce, Profile, clashes
from events.profile_log import ProfileLog, Stored
from events.subjects import ChatKey
from projections.reads.costs import costed, in_dollars, total
from recado.profiles.keys import KEY_NAMES
from recado.profiles.overlay import SETTABLE, Overlay, ProfileUnusable
from recado.settings.settings import VARIABLES, Settings
from recado.settings.variables import Variable

_CHOICES = re.compile(r"`([^`]+)`")
_LONG = frozenset({"hosted_tools", "stop_words", "start_words", "allow", "block"})


class BusProfiles:
    """console's ProfileDesk over the stream of profiles.

    - `given`: the variables of this process; `own`: their settings.
    """

    def __init__(self, log: ProfileLog, event_log: EventLog, bus: Bus, given: Mapping[str, str], own: Settings) -> None:
        self._log = log
        self._event_log = event_log
        self._bus = bus
        self._given = given
        self._own = own
