"""The packed names answer as a dict of texts would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateways.names.known import Known

NAMES = [f"{number}@{server}" for number in range(4) for server in ("s.whatsapp.net", "lid")] + [
    "BR.1@bsuid",
    "BR.10@bsuid",
    "12-3@g.us",
]

CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
        st.tuples(st.just("remove"), st.sampled_from(NAMES), st.just("")),
    ),
    max_size=30,
)


@given(CHANGES)
def test_as_a_dict(changes: list[tuple[str, str, str]]) -> None:
    known, people = Known(), dict[str, str]()
    for change, name, canonical in changes:
        if change == "put":
            known.put(name, canonical)
            root = people.get(canonical, canonical)
            if name == canonical:
                people.pop(name, None)
            elif root != name:
                moved = {one for one, to in people.items() if to == name} | {name}
                people |= dict.fromkeys(moved, root)
        else:
            known.remove(name)
            people.pop(name, None)
        assert len(known) == len(people)
        for one in NAMES:
            root = people.get(one, one)
            assert known.canonical(one) == root
            assert known.is_canonical(one) == (one in people.values())
            family = known.family(one)
            assert family[0] == root
            assert sorted(family[1:]) == sorted(other for other, to in people.items() if to == root)


def test_loaded_names() -> None:
    """What is read in bulk is found like what is put; a name that is not plain is left to a closer look."""
    known = Known()
    assert known.load(b"1=40lid", b"5511987654321@s.whatsapp.net")
    assert known.load(b"BR=2E1349=40bsuid", b"5511987654321@s.whatsapp.net")
    assert not known.load(b"7=40lid", b"7@lid")  # older releases wrote a name for itself
    for name, canonical in ((b"x", b"1@lid"), (b"1=0A=40lid", b"2@lid"), (b"1=40lid", b"2\r@lid"), (b"1=40lid", b"")):
        assert not known.load(name, canonical)
    assert len(known) == 2
    assert set(known.family("1@lid")) == {"5511987654321@s.whatsapp.net", "1@lid", "BR.1349@bsuid"}
    assert known.canonical("7@lid") == "7@lid"
