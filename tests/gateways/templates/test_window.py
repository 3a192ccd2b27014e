"""RECADO_WINDOW_TEMPLATE: its values, and what makes it unusable."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from events.parts import problems
from gateways.templates.known import Known
from gateways.templates.template import Template
from gateways.templates.window import read
from tests.gateways.templates.samples import CAROUSEL, CODE, COUNTED, HELLO, MENU, NAMED

PLAIN = replace(NAMED, header=None, header_text="", buttons=())


def wrong(setting: str, *templates: Template) -> list[str]:
    return list(read(setting).faults(Known(templates, datetime.now(UTC))))


@pytest.mark.parametrize(
    ("setting", "template"),
    [
        ("hello:en_US", HELLO),
        ("order_ready:pt_BR, name={name|amigo}, what={reply}", PLAIN),
        ("order_ready:pt_BR,name=Oi {name},what=nada", PLAIN),
        ("offer:en, 1={name}, 2={reply}, 3=soon", replace(COUNTED, header=None, buttons=())),
    ],
)
def test_a_setting_that_fits(setting: str, template: Template) -> None:
    assert wrong(setting, template) == []


@pytest.mark.parametrize(
    ("setting", "template", "says"),
    [
        ("hello:en_US, name={name}", HELLO, "no variable name"),
        ("order_ready:pt_BR, name={name}", PLAIN, "add `, what={name}` or `, what={reply}`"),
        ("order_ready:pt_BR", PLAIN, "add `, name={name}`"),
        ("order_ready:pt_BR, name={name}, what={reply}", NAMED, "choose a template without others"),
        ("menu:en", MENU, "choose a template without others"),
        ("code:en, 1={name}", CODE, None),
        ("cards:en", CAROUSEL, "carousel"),
        ("hello:en_US", replace(HELLO, status="PAUSED"), "Meta has paused it"),
        ("hello:pt_BR", HELLO, "hello is there in en_US"),
        ("bye:en_US", HELLO, "recado template list"),
    ],
)
def test_a_setting_that_does_not(setting: str, template: Template, says: str | None) -> None:
    found = wrong(setting, template)
    assert found == [] if says is None else any(says in one for one in found), found


@settings(max_examples=60)
@given(st.text(max_size=300), st.text(max_size=400))
def test_any_name_and_reply_are_what_whatsapp_takes(name: str, reply: str) -> None:
    part = read("order_ready:pt_BR, name={name}, what=» {reply} «").part(name, reply)
    assert list(problems([part])) == []
    assert part.parameters is not None
    assert isinstance(part.parameters.body, dict)
    assert all(value.strip() and len(value) <= 400 for value in part.parameters.body.values())
