"""Which names a changed number leaves, and whose number it is afterwards."""

from __future__ import annotations

import pytest

from gateways.names.changed_hands import leaves, still_to_leave, without_foreign_number
from gateways.names.known import Known

OLD, FORM, NEW = "5511987654321@s.whatsapp.net", "551187654321@s.whatsapp.net", "12195555358@s.whatsapp.net"
NEXT = "5511987654321~7@s.whatsapp.net"
LID, USER = "99887766@lid", "BR.1@bsuid"


@pytest.mark.parametrize("crash_after", [0, 1, 2, 3])
@pytest.mark.parametrize("root", [OLD, LID, USER])
@pytest.mark.parametrize("keeps_users", [True, False])
def test_every_name_but_the_numbers_goes_along(root: str, crash_after: int, keeps_users: bool) -> None:
    """Whichever name the person was known by first, and after a crash between any two entries."""
    known = Known()
    for name in (OLD, FORM, LID, USER):
        known.put(name, root)
    for step in list(leaves(known, root, NEW, 7, keeps_users=keeps_users))[:crash_after]:
        known.put(*step)
    # The change is told again.
    if (person := known.canonical(OLD)) not in (NEW, NEXT):
        for step in list(leaves(known, person, NEW, 7, keeps_users=keeps_users)):
            known.put(*step)
    for step in list(still_to_leave(known, (OLD,), (NEW,), NEW, 7)):
        known.put(*step)
    if root == OLD and not keeps_users:
        assert known.canonical(LID) == NEW
        assert known.canonical(USER) == NEXT
        return
    holder = NEXT if root == OLD else known.canonical(OLD)
    assert known.canonical(OLD) == known.canonical(FORM) == holder
    assert holder != NEW
    assert known.canonical(LID) == known.canonical(USER) == NEW
    # What the former holder wrote, and comes late, is not the next holder's.
    for other in (LID, USER):
        assert without_foreign_number(known, (OLD, other)) == (other,)
    assert without_foreign_number(known, (OLD, "BR.2@bsuid")) == (OLD, "BR.2@bsuid")
    assert without_foreign_number(known, (OLD,)) == (OLD,)
