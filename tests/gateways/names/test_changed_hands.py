"""Which names a changed number leaves, and whose number it is afterwards."""

from __future__ import annotations

import pytest

from gateways.names.changed_hands import leaves, without_foreign_number
from gateways.names.known import Known

OLD, FORM, NEW = "5511987654321@s.whatsapp.net", "551187654321@s.whatsapp.net", "12195555358@s.whatsapp.net"
NEXT = "5511987654321~7@s.whatsapp.net"
LID, USER = "99887766@lid", "BR.1@bsuid"


@pytest.mark.parametrize(("root", "first"), [(OLD, False), (OLD, True), (LID, False), (USER, False)])
def test_every_name_but_the_numbers_goes_along(root: str, first: bool) -> None:
    """Whichever name the person was known by first; with the number as the first, also after a crash between two
    entries."""
    known = Known()
    for name in (OLD, FORM, LID, USER):
        known.put(name, root)
    steps = list(leaves(known, root, NEW, 7))
    assert steps[-1].name == root
    for step in steps[:1] if first else []:
        known.put(*step)
        steps = list(leaves(known, root, NEW, 7))
    for step in steps:
        known.put(*step)
    holder = NEXT if root == OLD else known.canonical(OLD)
    assert known.canonical(OLD) == known.canonical(FORM) == holder
    assert holder != NEW
    assert known.canonical(LID) == known.canonical(USER) == NEW
    # What the former holder wrote, and comes late, is not the next holder's.
    for other in (LID, USER):
        assert without_foreign_number(known, (OLD, other)) == (other,)
    assert without_foreign_number(known, (OLD, "BR.2@bsuid")) == (OLD, "BR.2@bsuid")
    assert without_foreign_number(known, (OLD,)) == (OLD,)
