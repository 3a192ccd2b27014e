"""JIDs: one form for every chat, and a clear word about each that is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.jid import MalformedJid, canonical, from_text, is_canonical, is_group, people_in


@pytest.mark.parametrize(
    ("given_", "stored"),
    [
        ("5511999999999@s.whatsapp.net", "5511999999999@s.whatsapp.net"),
        ("5511999999999@c.us", "5511999999999@s.whatsapp.net"),
        ("5511999999999:12@s.whatsapp.net", "5511999999999@s.whatsapp.net"),
        ("5511999999999.0:12@s.whatsapp.net", "5511999999999@s.whatsapp.net"),
        ("99887766.1:3@lid", "99887766@lid"),
        ("99887766@lid", "99887766@lid"),
        ("120363041234567890@g.us", "120363041234567890@g.us"),
        ("5511999999999-1612345678@g.us", "5511999999999-1612345678@g.us"),
        ("Y2FwaV9ncm91cDoxNzA1NTU1MDEzOTox@g.us", "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOTox@g.us"),
        ("US.13491208655302741918@bsuid", "US.13491208655302741918@bsuid"),
    ],
)
def test_the_stored_form(given_: str, stored: str) -> None:
    """Given a JID in any form, then its chat is stored in one, which stays as it is."""
    assert canonical(given_) == stored
    assert is_canonical(stored)
    assert is_canonical(given_) == (given_ == stored)
    assert is_group(stored) == stored.endswith("@g.us")


@pytest.mark.parametrize(
    ("jid", "reason"),
    [
        ("", "no '@'"),
        ("5511999999999", "no '@'"),
        ("@s.whatsapp.net", "nothing stands before"),
        ("5511999999999@", "'@' is none of"),
        ("5511999999999@example.com", "'@example.com' is none of"),
        ("5511999999999@S.WHATSAPP.NET", "is none of"),
        ("5511999999999@s.whatsapp.net@s.whatsapp.net", "is none of"),
        ("ana@s.whatsapp.net", "no user of"),
        ("+5511999999999@s.whatsapp.net", "no user of"),
        ("55 11@s.whatsapp.net", "no user of"),
        ("٥٥١١@s.whatsapp.net", "no user of"),
        ("5511999999999:x@s.whatsapp.net", "no user of"),
        ("5511999999999:@s.whatsapp.net", "no user of"),
        ("5511999999999\n@s.whatsapp.net", "no user of"),
        ("5511999999999@s.whatsapp.net\n", "is none of"),
        ("5511999999999\x00@s.whatsapp.net", "no user of"),
        ("1" * 21 + "@s.whatsapp.net", "no user of"),
        ("120363-@g.us", "no user of"),
        ("120363041234567890:3@g.us", "no user of"),
        (".x@bsuid", "no user of"),
        ("status@broadcast", "broadcast list"),
        ("120363000000000000@newsletter", "channel"),
        ("867051314767696@bot", "bot"),
        ("5511999999999@hosted", "hosted"),
        ("1" * 200 + "@s.whatsapp.net", "more than 128"),
    ],
)
def test_a_malformed_one(jid: str, reason: str) -> None:
    """Given a text that names no chat, then the error names the fault and shows the text shortened."""
    with pytest.raises(MalformedJid) as caught:
        canonical(jid)
    assert reason in caught.value.reason
    assert len(caught.value.jid) <= 40
    assert not is_canonical(jid)


@given(st.text(max_size=60))
def test_any_text_is_a_chat_or_malformed(text: str) -> None:
    """Given any text, then it has a stored form that is its own stored form, or it is malformed."""
    try:
        stored = canonical(text)
    except MalformedJid:
        return
    assert canonical(stored) == stored


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("5511999999999", "5511999999999@s.whatsapp.net"),
        ("+55 11 99999-9999", "5511999999999@s.whatsapp.net"),
        ("+55 (11) 99999.9999", "5511999999999@s.whatsapp.net"),
        ("+55\u00a0(11)\u202f99999\u201099\u201199", "5511999999999@s.whatsapp.net"),
        ("\u202a+55 11 99999\u20139999\u202c\t", "5511999999999@s.whatsapp.net"),
        (" 5511999999999@c.us ", "5511999999999@s.whatsapp.net"),
        ("120363041234567890@g.us", "120363041234567890@g.us"),
    ],
)
def test_numbers_as_people_write_them(written: str, stored: str) -> None:
    """Given a phone number as people write it, or a JID, then it names that chat."""
    assert from_text(written) == stored


@pytest.mark.parametrize("written", ["", "ana", "123", "+", "55 11 x", "1" * 21, "++5511999999999"])
def test_names_of_no_person(written: str) -> None:
    """Given neither a number nor a JID, then the error says what to write."""
    with pytest.raises(MalformedJid, match="country code"):
        from_text(written)


@given(
    st.lists(
        st.text() | st.sampled_from(["", "@lid", "1@lid", "hello", "5511999999999", "1@g.us", "2@c.us", "a@bsuid"])
    )
)
def test_words_that_name_nobody_are_no_names(words: list[str]) -> None:
    """Of any words those are left that are certainly a person's JID, in its stored form, each once."""
    found = people_in(words)
    assert len(set(found)) == len(found)
    assert all(is_canonical(name) and not is_group(name) for name in found)
    assert people_in(found) == found
    assert {word for word in words if is_canonical(word) and not is_group(word)} <= set(found)
