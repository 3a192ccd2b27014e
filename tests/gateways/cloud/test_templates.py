"""Templates over the real HTTP client to the double of Meta's API, which checks each against its own list."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from chat.parts import reading
from events.inbound import Message, Receipt
from events.log import EventLog
from events.parts import ButtonValue, Parameters, Part
from gateways.cloud import template_forms
from gateways.cloud.bodies import body_of
from gateways.cloud.graph import Graph
from gateways.cloud.template_list import TemplateList
from gateways.cloud.token import Token, fixed
from gateways.templates.form import filled
from gateways.templates.known import TemplatesUnread, TemplateUnknown
from gateways.templates.template import Template
from tests.doubles.graph_server import ACCESS_TOKEN, GraphDouble
from tests.doubles.graph_webhooks import PHONE_NUMBER_ID
from tests.gateways.cloud.gateway import ANA, cloud_gateway
from tests.gateways.cloud.kept_files import KeptFiles
from tests.gateways.cloud.said import say, steps, until_step
from tests.gateways.replies import events
from tests.gateways.templates.samples import CODE, COUNTED, EVERY, FORM, HELLO, MENU, NAMED
from tests.gateways.templates.test_form import VALUES


@asynccontextmanager
async def listed(meta: GraphDouble, token: Token | None = None) -> AsyncIterator[TemplateList]:
    async with Graph.session() as session:
        yield TemplateList(session, meta.url, PHONE_NUMBER_ID, token or fixed(ACCESS_TOKEN))


def part(template: Template, **values: str) -> Part:
    made = filled(template, VALUES[template] | values)
    assert isinstance(made, Part)
    return made


async def until_failed(log: EventLog, id_: str) -> Receipt:
    async for batch in log.tail(0):
        for one in batch:
            if isinstance(one.event, Receipt) and one.event.reply == id_ and one.event.state == "failed":
                return one.event
    raise AssertionError


async def test_the_list_is_read_page_by_page_as_meta_writes_it() -> None:
    async with GraphDouble() as meta, listed(meta) as templates:
        meta.templates.set(*EVERY)
        known = await templates.known()
        assert sorted(known.templates, key=str) == sorted((replace(one, quality="UNKNOWN", reason="NONE",
            category=one.category or "UTILITY") for one in EVERY), key=str)  # fmt: skip
        assert meta.templates.asked == 4
        assert await templates.known(older_than=60) is known
        assert known.find("order_ready:pt_BR").body == NAMED.body
        with pytest.raises(TemplateUnknown, match="pt_BR"):
            known.find("order_ready:en_US")
        with pytest.raises(TemplateUnknown, match="recado template list"):
            known.find("order:pt_BR")


async def test_a_page_of_long_templates_is_read() -> None:
    """A hundred of 20,000 characters are two megabytes."""
    async with GraphDouble() as meta, listed(meta) as templates:
        meta.templates.page = 100
        meta.templates.set(*(replace(NAMED, name=f"t{number}", body="x" * 20_000) for number in range(100)))
        assert len((await templates.known()).templates) == 100


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (403, 200, "whatsapp_business_management"),
        (403, 10, "whatsapp_business_management"),
        (400, 100, "whatsapp_business_management"),
        (401, 190, "token"),
        (400, 80008, "later"),
        (500, 2, "later"),
    ],
)
async def test_a_list_that_meta_does_not_show(status: int, code: int, says: str) -> None:
    async with GraphDouble() as meta, listed(meta) as templates:
        meta.templates.fault = (status, code)
        with pytest.raises(TemplatesUnread, match=says):
            await templates.known()


async def test_a_number_whose_account_meta_does_not_name() -> None:
    async with GraphDouble() as meta, listed(meta) as templates:
        meta.templates.is_known = False
        with pytest.raises(TemplatesUnread, match=f"{PHONE_NUMBER_ID}.*whatsapp_business_management"):
            await templates.known()


async def test_a_token_that_was_replaced_is_read_again() -> None:
    async with GraphDouble() as meta, listed(meta, Token("shop", "EAAG-old", lambda: ACCESS_TOKEN)) as templates:
        meta.templates.set(HELLO)
        assert [one.name for one in (await templates.known()).templates] == ["hello"]


async def test_what_was_read_before_serves_while_meta_cannot_be_asked() -> None:
    async with GraphDouble() as meta, listed(meta) as templates:
        meta.templates.set(HELLO)
        before = await templates.known()
        meta.templates.fault = (500, 2)
        known = await templates.known()
        assert (known.templates, known.at) == (before.templates, before.at)
        assert "later" in known.unread


async def test_forms_of_components_that_are_none_of_metas() -> None:
    """One that cannot be read is left out; the others are there."""
    async with GraphDouble() as meta, listed(meta) as templates:
        meta.templates.set(HELLO)
        meta.templates.page = 20
        odd: list[Any] = [
            7,
            {"name": "x"},
            {"name": 1, "language": "en"},
            {"name": "y", "language": "en", "components": 4},
        ]
        bare = {
            "name": "z",
            "language": "en",
            "components": [{}, {"type": "HOLOGRAM"}, {"type": "BUTTONS", "buttons": [{}]}],
        }
        meta.templates.all += [*odd, bare]
        known = await templates.known()
        assert [one.name for one in known.templates] == ["hello", "z"]
        assert isinstance(filled(replace(known.templates[1], status="APPROVED"), {}), tuple)


@pytest.mark.parametrize("template", VALUES, ids=lambda one: one.name)
async def test_each_kind_goes_out_as_meta_takes_it(log: EventLog, data_dir: Path, template: Template) -> None:
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        meta.templates.set(*EVERY)
        said = part(template)
        await say(log, "r1", text=reading([said]), parts=(said,))
        await until_step(log, "r1", "accepted")
        assert [one.template for one in meta.taken] == [template.name]


async def test_an_optional_payload_goes_out_as_metas_payload(log: EventLog, data_dir: Path) -> None:
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        meta.templates.set(NAMED, FORM)
        for n, said in enumerate([part(NAMED, **{"button:0": "yes-7"}), part(FORM, **{"button:0": "t-7"})]):
            await say(log, f"r{n}", text=reading([said]), parts=(said,))
            await until_step(log, f"r{n}", "accepted")
        shown = [taken.object.components[-1] for taken in meta.taken]
        assert {"type": "button", "sub_type": "quick_reply", "index": "0",
                "parameters": [{"type": "payload", "payload": "yes-7"}]} in meta.taken[0].object.components  # fmt: skip
        assert shown[1]["parameters"] == [{"type": "action", "action": {"flow_token": "t-7"}}]


async def test_a_template_that_was_changed_between_check_and_sending(
    log: EventLog, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A header of another kind is sent once more in the new form; what the values cannot fill fails with a sentence."""
    monkeypatch.setattr(template_forms, "AGAIN_AFTER", 0.0)
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        meta.templates.set(MENU, COUNTED)
        first = part(MENU)
        await say(log, "r1", text=reading([first]), parts=(first,))
        await until_step(log, "r1", "accepted")
        meta.templates.set(replace(MENU, header="image"), replace(COUNTED, body="Hi {{1}}"))
        await say(log, "r2", text=reading([first]), parts=(first,))
        failed = part(COUNTED)
        await say(log, "r3", text=reading([failed]), parts=(failed,))
        await until_step(log, "r2", "accepted")
        receipt = await until_failed(log, "r3")
        assert receipt.error is not None
        assert "changed meanwhile: recado template list" in str(receipt.error.do)
        kinds = [taken.object.components[0]["parameters"][0]["type"] for taken in meta.taken]
        assert kinds == ["document", "image"]


@pytest.mark.parametrize(("status", "do"), [("PAUSED", "wait some hours"), ("DISABLED", "make another")])
async def test_a_template_that_was_stopped_meanwhile(log: EventLog, data_dir: Path, status: str, do: str) -> None:
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        meta.templates.set(replace(HELLO, status=status))
        said = part(HELLO)
        await say(log, "r1", text=reading([said]), parts=(said,))
        receipt = await until_failed(log, "r1")
        assert receipt.error is not None
        assert do in str(receipt.error.do)
        assert await steps(log, "r1") == ["sending", "failed content"]


async def test_a_template_whose_form_meta_does_not_show(log: EventLog, data_dir: Path) -> None:
    """Without a file or a button it goes out all the same; with one it fails, and the receipt says why."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        meta.templates.fault = (403, 200)
        for n, said in enumerate([part(HELLO), part(MENU)]):
            await say(log, f"r{n}", text=reading([said]), parts=(said,))
        await until_step(log, "r0", "accepted")
        receipt = await until_failed(log, "r1")
        assert receipt.error is not None
        assert "whatsapp_business_management" in str(receipt.error.detail)


async def test_the_window_s_template_has_its_variables(log: EventLog, data_dir: Path) -> None:
    setting = "order_ready:pt_BR, name={name|amigo}, what=resposta: {reply}"
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, window_template=setting):
        meta.templates.set(replace(NAMED, header=None, header_text="", buttons=()))
        await log.publish(ANA, Message(id="m1", text="oi", name="Ana\n  Maria"), msg_id="m1")
        meta.fail(code=131047)
        await say(log, "r1", text="\n\n**Sim**,   abrimos.\n\nAté logo", in_reply_to=("m1",))
        await until_step(log, "r1", "accepted template")
        (taken,) = meta.taken
        values = {one["parameter_name"]: one["text"] for one in taken.object.components[0]["parameters"]}
        assert values == {"name": "Ana Maria", "what": "resposta: *Sim*, abrimos."}
        assert await steps(log, "r1") == [
            "sending",
            "failed window_closed instead order_ready:pt_BR",
            "sending template",
            "accepted template",
        ]


async def test_a_person_without_a_name(log: EventLog, data_dir: Path) -> None:
    setting = "offer:en, 1={name|friend}, 2={name}, 3={reply}"
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, window_template=setting):
        meta.templates.set(replace(COUNTED, header=None, buttons=()))
        meta.fail(code=131047)
        await say(log, "r1", text="```\n" + "x" * 900)
        await until_step(log, "r1", "accepted template")
        texts = [one["text"] for one in meta.taken[0].object.components[0]["parameters"]]
        assert texts[:2] == ["friend", "…"]
        assert len(texts[2]) == 200


def test_parts_without_a_form_are_put_as_before() -> None:
    """A program that wrote a template's part may know the form itself."""
    said = Part(
        kind="template",
        name="x",
        language="en",
        parameters=Parameters(body=("a",), buttons=(ButtonValue(index=1, value="v"),)),
    )
    assert body_of(said)["template"]["components"] == [
        {"type": "body", "parameters": [{"type": "text", "text": "a"}]},
        {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "v"}]},
    ]


async def test_nothing_is_logged_of_values(log: EventLog, data_dir: Path) -> None:
    with capture_logs() as logs:
        async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
            meta.templates.set(replace(CODE, body="*{{1}}* {{2}}"))
            said = part(CODE)
            await say(log, "r1", text=reading([said]), parts=(said,))
            await until_failed(log, "r1")
    assert "123456" not in str(logs)
    assert [one for one in await events(log, "shop") if isinstance(one.event, Receipt)]


async def test_a_header_of_the_object_store_is_uploaded(log: EventLog, data_dir: Path) -> None:
    """Once; again where Meta has forgotten it. One that was removed meanwhile goes out in the template's words."""
    kept = KeptFiles(pdf=b"%PDF-1.7 menu")
    file = Part(kind="document", object="MEDIA/pdf", filename="menu.pdf")
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=kept):
        meta.templates.set(*EVERY)
        said = filled(MENU, {}, file)
        assert isinstance(said, Part)
        for n in range(2):
            await say(log, f"r{n}", text=reading([said]), parts=(said,))
            await until_step(log, f"r{n}", "accepted")
        assert len(meta.uploads.taken) == 1
        meta.uploads.expire()
        await say(log, "r2", text=reading([said]), parts=(said,))
        await until_step(log, "r2", "accepted")
        headers = [taken.object.components[0]["parameters"][0]["document"] for taken in meta.taken]
        ids = [one.id for one in meta.uploads.taken]
        assert headers == [{"id": id_, "filename": "menu.pdf"} for id_ in (ids[0], ids[0], ids[1])]
        gone = filled(MENU, {}, replace(file, object="MEDIA/gone"))
        assert isinstance(gone, Part)
        await say(log, "r3", text=reading([gone]), parts=(gone,))
        await until_step(log, "r3", "accepted file_removed")
        assert (meta.taken[-1].type, meta.taken[-1].text) == ("text", "📄 menu.pdf\n\nOur menu.")
