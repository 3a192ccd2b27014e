"""The values of templates: what a form asks for, and the part or the faults that values give."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chat.parts import plain
from events.parts import ButtonValue, Parameters, Part, problems
from gateways.templates.form import fields, filled
from gateways.templates.template import Template, unsendable, variables
from tests.gateways.templates.samples import CAROUSEL, CODE, COUNTED, EVERY, FORM, HELLO, MENU, NAMED, PLACE

VALUES = {
    HELLO: {},
    NAMED: {"header": "7", "body:name": "Ana", "body:what": "bolo", "button:1": "orders/7"},
    COUNTED: {
        "header": "https://a.example/p.png",
        "body:1": "Ana",
        "body:2": "10%",
        "body:3": "May",
        "button:0": "TEN",
    },
    MENU: {"header": "https://a.example/menu.pdf"},
    PLACE: {"header": "-23.5505,-46.6333,Bakery,Rua Augusta 1, Centro"},
    FORM: {},
    CODE: {"body:1": "123456"},
}


@pytest.mark.parametrize("template", VALUES, ids=lambda one: one.name)
def test_the_values_that_it_needs_give_a_part(template: Template) -> None:
    part = filled(template, VALUES[template])
    assert isinstance(part, Part)
    assert list(problems([part])) == []
    assert "{{" not in plain(part)


def test_the_part_reads_as_the_person_reads_it() -> None:
    part = filled(NAMED, VALUES[NAMED])
    assert isinstance(part, Part)
    assert plain(part) == "Pedido 7\n\nOlá Ana, seu bolo está pronto. Obrigado, Ana!\n\nPadaria\n\n[Ok] [Ver]"
    assert part.parameters == Parameters(
        header=("7",), body={"name": "Ana", "what": "bolo"}, buttons=(ButtonValue(index=1, value="orders/7"),)
    )


def test_counted_variables_keep_their_numbers() -> None:
    many = replace(HELLO, body=" ".join(f"{{{{{number}}}}}" for number in (2, 10, 1, *range(3, 10))))
    assert variables(many.body) == tuple(str(number) for number in range(1, 11))
    part = filled(many, {f"body:{number}": f"v{number}" for number in range(1, 11)})
    assert isinstance(part, Part)
    assert part.parameters is not None
    assert part.parameters.body == tuple(f"v{number}" for number in range(1, 11))


def test_a_one_time_password_goes_into_its_button_too() -> None:
    part = filled(CODE, VALUES[CODE])
    assert isinstance(part, Part)
    assert part.parameters == Parameters(body=("123456",), buttons=(ButtonValue(index=0, value="123456"),))


def test_a_file_of_the_library() -> None:
    menu = Part(kind="document", object="LIBRARY/" + 64 * "0", filename="menu.pdf")
    part = filled(MENU, {}, menu)
    assert isinstance(part, Part)
    assert part.parameters == Parameters(header=(menu.object or "",))
    assert part.filename == "menu.pdf"
    assert plain(part).startswith("📄 menu.pdf\n\n")
    refused = filled(COUNTED, VALUES[COUNTED], menu)
    assert refused == ("its header is of the kind image, and the file is of the kind document",)


@pytest.mark.parametrize(
    ("template", "key"),
    [(template, field.key) for template, values in VALUES.items() for field in fields(template) if field.required],
)
def test_each_missing_value_is_named(template: Template, key: str) -> None:
    values = {name: value for name, value in VALUES[template].items() if name != key}
    wrong = filled(template, values)
    name = key.partition(":")[2]
    assert isinstance(wrong, tuple)
    option = {"header": "--header", "body": f"--set {name}=", "button": f"--button {name}="}[key.partition(":")[0]]
    assert option in wrong[0]


@pytest.mark.parametrize("key", ["header", "body:4", "body:nobody", "button:1", "button:9", "footer", "body:", "x:y:z"])
def test_each_value_too_many_is_named(key: str) -> None:
    for template in (HELLO, CODE, FORM):
        wrong = filled(template, {**VALUES[template], key: "more"})
        assert isinstance(wrong, tuple)
        assert "leave it out" in wrong[0]


@pytest.mark.parametrize(
    ("template", "key", "value", "says"),
    [
        (NAMED, "body:name", "Ana\nMaria", "line break"),
        (NAMED, "body:name", "a    b", "four blanks"),
        (NAMED, "body:name", "a\tb", "a tab"),
        (NAMED, "body:name", "\u2003 ", "blank"),
        (NAMED, "body:name", "x" * 1025, "1,025 characters"),
        (NAMED, "body:name", "x" * 1000, "the body has"),
        (NAMED, "header", "x" * 60, "the header has"),
        (NAMED, "button:1", "a\nb", "line break"),
        (COUNTED, "header", "http://a.example/p.png", "https://"),
        (COUNTED, "header", "p.png", "a file of the library"),
        (COUNTED, "button:0", " ", "blank"),
        (PLACE, "header", "-23.5,-46.6,Bakery", "no place"),
        (PLACE, "header", "nan,-46.6,Bakery,Street", "no place"),
        (PLACE, "header", "91,-46.6,Bakery,Street", "no place"),
    ],
)
def test_values_that_whatsapp_refuses(template: Template, key: str, value: str, says: str) -> None:
    wrong = filled(template, {**VALUES[template], key: value})
    assert isinstance(wrong, tuple)
    assert any(says in fault for fault in wrong), wrong


@pytest.mark.parametrize(
    "status",
    ["PENDING", "REJECTED", "PAUSED", "DISABLED", "ARCHIVED", "IN_APPEAL", "LIMIT_EXCEEDED", "SOMETHING_NEW", ""],
)
def test_only_an_approved_one_is_sent(status: str) -> None:
    wrong = filled(replace(HELLO, status=status, reason="ABUSIVE_CONTENT"), {})
    assert isinstance(wrong, tuple)
    assert "hello:en_US" in wrong[0]
    assert "ABUSIVE_CONTENT" in wrong[0]


def test_one_that_recado_cannot_fill_is_not_sent() -> None:
    assert "carousel" in (unsendable(CAROUSEL) or "")
    assert isinstance(filled(CAROUSEL, {}), tuple)


@settings(max_examples=60)
@given(st.sampled_from(EVERY), st.data())
def test_any_values_give_a_part_that_can_be_sent_or_faults(template: Template, data: st.DataObject) -> None:
    """Never an exception, and never a part that the rules of parts refuse."""
    keys = st.sampled_from([*(field.key for field in fields(template)), "header", "body:1", "button:0", "other"])
    made = filled(template, data.draw(st.dictionaries(keys, st.text(max_size=70))))
    if isinstance(made, Part):
        assert list(problems([made])) == []
        assert plain(made).strip()
        assert all(field.required is False or field.key in fields_of(made, template) for field in fields(template))
    else:
        assert made
        assert all(fault.strip() for fault in made)


def fields_of(part: Part, template: Template) -> set[str]:
    """The keys of the values that the part has."""
    values = part.parameters or Parameters()
    body = (
        values.body if isinstance(values.body, dict) else dict(zip(variables(template.body), values.body, strict=True))
    )
    return {
        *(["header"] if values.header else []),
        *(f"body:{name}" for name in body),
        *(f"button:{button.index}" for button in values.buttons),
    }
