"""The names of the tools that recado itself may offer to models."""

from __future__ import annotations

from typing import Final

ASK_CHOICE: Final = "ask_choice"
SEND_FILE: Final = "send_file"
SEND_LOCATION: Final = "send_location"
LOOK_UP: Final = "look_up"

BUILT_IN = (ASK_CHOICE, SEND_FILE, SEND_LOCATION)
"""Tools that a profile switches on by name; `look_up` comes with its collections."""
