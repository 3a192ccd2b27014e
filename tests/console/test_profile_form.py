"""The form of a profile, without HTTP: its fields as text, and the draft that a browser sent."""

from __future__ import annotations

import pytest

from console.profiles import form
from console.profiles.port import ProfileFault
from events.memory_log import MemoryLog
from events.memory_profiles import MemoryProfileLog
from events.profile import MOST_ENTRIES, Profile, ProfileUnreadable, encoded
from recado.profiles.desk import DeskProfiles
from recado.settings.settings import settings_of
from tests.console.profiled import AT, Trying


def test_hours_that_no_table_shows_are_edited_as_text() -> None:
    profiles = Trying(MemoryProfileLog(), None)
    many = "Mon 08:00-09:00; Mon 10:00-11:00; Mon 12:00-13:00"
    profile = Profile(name="bakery", n=1, at=AT, settings={"hours": many})
    row = next(row for row in form.shown(profiles, profile) if row.field.name == "hours")
    assert (row.week, row.text) == (None, many)


def test_faults_are_shown_at_their_fields() -> None:
    profiles = Trying(MemoryProfileLog(), None)
    rows = form.shown(
        profiles, Profile(name="b", n=1, at=AT), [ProfileFault("takeover", "too long"), ProfileFault("", "x")]
    )
    assert [(row.field.name, row.problems) for row in rows if row.problems] == [("takeover", ("too long",))]


def test_no_field_shows_the_password_in_an_address() -> None:
    own = settings_of({"OPENAI_API_KEY": "sk-own", "OPENAI_BASE_URL": "https://ana:s3cret@ai.example/v1?key=s3cret"})
    profiles = DeskProfiles(MemoryProfileLog(), MemoryLog(), None, settings_of=lambda _: own, own=own)
    fields = {field.name: field.own for field in profiles.fields}
    assert fields["openai_base_url"] == "https://…@ai.example/v1?…"
    assert not [name for name, text in fields.items() if "s3cret" in text]


def test_too_many_entries_are_refused_not_cut() -> None:
    profiles, fresh = Trying(MemoryProfileLog(), None), Profile(name="b", n=1, at=AT)
    made = form.draft(profiles, None, {"chats": "\n".join(map(str, range(MOST_ENTRIES + 1)))}, fresh)
    with pytest.raises(ProfileUnreadable, match="chats"):
        encoded(made)
