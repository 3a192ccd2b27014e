"""The servers that `recado doctor` asks: models, speech, assistants and WhatsApp."""

from collections.abc import AsyncIterator

import pytest

from recado.doctor.doctor import examine
from tests.doubles.graph_server import ACCESS_TOKEN, GraphDouble
from tests.doubles.graph_webhooks import APP_SECRET, PHONE_NUMBER_ID, VERIFY_TOKEN
from tests.doubles.openai_agents import AGENT
from tests.doubles.openai_server import API_KEY, OpenAIDouble
from tests.doubles.openai_threads import ASSISTANT
from tests.gateways.templates.samples import HELLO
from tests.nats_server import free_port
from tests.recado.doctor.examined import Doctor, doctor

__all__ = ["doctor"]


@pytest.fixture
async def model() -> AsyncIterator[OpenAIDouble]:
    async with OpenAIDouble(models=("gpt-6-luna",)) as double:
        yield double


async def test_the_model_is_asked_for(doctor: Doctor, model: OpenAIDouble) -> None:
    """A model that is listed is fine; another, a refused key and a server that is away are warnings."""
    mine = {"OPENAI_API_MODE": "chat", "OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": API_KEY}
    assert (await doctor.finds("model", **mine)).state == "ok"
    other = await doctor.finds("model", **mine, OPENAI_MODEL="gpt-0")
    assert other.state == "warning"
    assert "does not list gpt-0 (it lists gpt-6-luna)" in other.says
    refused = await doctor.finds("model", **{**mine, "OPENAI_API_KEY": "sk-wrong"})
    assert (refused.state, refused.do) == ("warning", "check OPENAI_API_KEY")
    away = await doctor.finds("model", **{**mine, "OPENAI_BASE_URL": f"http://127.0.0.1:{free_port()}/v1"})
    assert away.state == "warning"
    assert "cannot be reached" in away.says
    elsewhere = await doctor.finds("model", **{**mine, "OPENAI_BASE_URL": model.base_url.removesuffix("/v1")})
    assert elsewhere.state == "warning"
    assert "HTTP 404" in elsewhere.says


async def test_the_second_model_is_asked_for(doctor: Doctor, model: OpenAIDouble) -> None:
    """At its own server with its own key; the advice names its own settings."""
    mine = {"OPENAI_API_MODE": "chat", "OPENAI_API_KEY": "sk-of-the-first", "OPENAI_MODEL": "gpt-0"}
    mine |= {"OPENAI_BASE_URL": f"http://127.0.0.1:{free_port()}/v1", "OPENAI_TRANSCRIPTION_MODEL": ""}
    second = {"OPENAI_FALLBACK_BASE_URL": model.base_url, "OPENAI_FALLBACK_API_KEY": API_KEY}
    found = await doctor.finds("second model", **mine, **second, OPENAI_FALLBACK_MODEL="gpt-6-luna")
    assert found.state == "ok"
    other = await doctor.finds("second model", **mine, **second, OPENAI_FALLBACK_MODEL="gpt-1")
    assert (other.state, other.do) == ("warning", "set OPENAI_FALLBACK_MODEL to one that it has")
    keyless = {**second, "OPENAI_FALLBACK_API_KEY": ""}
    refused = await doctor.finds("second model", **mine, **keyless, OPENAI_FALLBACK_MODEL="gpt-6-luna")
    assert (refused.state, refused.do) == ("warning", "check OPENAI_FALLBACK_API_KEY")


async def test_a_sentence_is_spoken_to_the_server(doctor: Doctor, model: OpenAIDouble) -> None:
    """Its words must come back: a server that says something else, or nothing, does not hear."""
    there = {"OPENAI_API_MODE": "chat", "OPENAI_API_KEY": API_KEY, "OPENAI_BASE_URL": model.base_url}
    model.uploads.words = lambda _: "Please bring bread and 7 bottles of water."
    assert (await doctor.finds("speech", **there)).state == "ok"
    model.uploads.words = lambda _: "ok"
    assert "heard 'ok'" in (await doctor.finds("speech", **there)).says
    model.uploads.transcribes = False
    wrong = await doctor.finds("speech", **there)
    assert (wrong.state, "OPENAI_TRANSCRIPTION_BASE_URL" in wrong.do) == ("warning", True)
    assert "asked to write" in (await doctor.finds("speech", **there, OPENAI_TRANSCRIPTION_MODEL="")).says


async def test_speech_has_a_server_of_its_own(doctor: Doctor, model: OpenAIDouble) -> None:
    """It gets its own key, and never the model's."""
    model.uploads.words = lambda _: "bread, water"
    there = {"OPENAI_API_MODE": "chat", "OPENAI_API_KEY": "sk-other-1234", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    there |= {"OPENAI_TRANSCRIPTION_BASE_URL": model.base_url, "OPENAI_TRANSCRIPTION_MODEL": "whisper-1"}
    assert (await doctor.finds("speech", **there, OPENAI_TRANSCRIPTION_API_KEY=API_KEY)).state == "ok"
    assert model.uploads.heard[-1].model == "whisper-1"
    refused = await doctor.finds("speech", **there)
    assert refused.state == "warning"
    assert "Incorrect API key" in refused.says


@pytest.mark.parametrize(
    ("mode", "setting", "name"),
    [("assistants", "OPENAI_ASSISTANT_ID", ASSISTANT), ("agents", "OPENAI_AGENT_ID", AGENT)],
)
async def test_the_saved_assistant_is_asked_for(
    doctor: Doctor, model: OpenAIDouble, mode: str, setting: str, name: str
) -> None:
    """In the modes in which it answers; one that is not there is a warning that names the setting."""
    mine = {"OPENAI_API_MODE": mode, "OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": API_KEY}
    found = await doctor.finds("model", **mine, **{setting: name})
    assert (found.state, found.says.partition(" at ")[0]) == ("ok", f"{mode.removesuffix('s')} {name}")
    gone = await doctor.finds("model", **mine, **{setting: f"{name}_2"})
    assert (gone.state, gone.do) == ("warning", f"check {setting} and OPENAI_BASE_URL")


async def test_a_number_of_whatsapp_is_asked_for(doctor: Doctor) -> None:
    """Only where one is set up. A missing value, a refused token, another number and a bad name are warnings."""
    assert [f async for f in examine(doctor.variables, doctor.home / ".env") if f.what == "whatsapp"] == []
    async with GraphDouble() as meta:
        mine = {
            "WHATSAPP_GRAPH_URL": meta.url,
            "WHATSAPP_PHONE_NUMBER_ID": PHONE_NUMBER_ID,
            "WHATSAPP_ACCESS_TOKEN": ACCESS_TOKEN,
            "WHATSAPP_APP_SECRET": APP_SECRET,
            "WHATSAPP_VERIFY_TOKEN": VERIFY_TOKEN,
        }
        good = await doctor.finds("whatsapp", **mine)
        assert (good.state, good.says) == (
            "ok",
            f"number {PHONE_NUMBER_ID} (The Bakery) can be asked for, quality green, 80 messages a second",
        )
        missing = await doctor.finds("whatsapp", **mine | {"WHATSAPP_APP_SECRET": ""})
        assert (missing.state, missing.says.partition(" ")[0]) == ("warning", "WHATSAPP_APP_SECRET")
        refused = await doctor.finds("whatsapp", **mine | {"WHATSAPP_ACCESS_TOKEN": "EAAG-old"})
        assert refused.state == "warning"
        assert "new WHATSAPP_ACCESS_TOKEN" in refused.do
        assert "EAAG" not in refused.says
        other = await doctor.finds("whatsapp", **mine | {"WHATSAPP_PHONE_NUMBER_ID": "1"})
        assert "WHATSAPP_PHONE_NUMBER_ID" in other.do
        meta.quality = "RED"
        assert (await doctor.finds("whatsapp", **mine)).state == "warning"
    away = await doctor.finds("whatsapp", **mine)
    assert "cannot be reached" in away.says


async def test_the_template_of_the_window_is_compared_with_metas(doctor: Doctor) -> None:
    async with GraphDouble() as meta:
        meta.templates.set(HELLO)
        mine = {
            "WHATSAPP_GRAPH_URL": meta.url,
            "WHATSAPP_PHONE_NUMBER_ID": PHONE_NUMBER_ID,
            "WHATSAPP_ACCESS_TOKEN": ACCESS_TOKEN,
            "WHATSAPP_APP_SECRET": APP_SECRET,
            "WHATSAPP_VERIFY_TOKEN": VERIFY_TOKEN,
        }

        async def said(setting: str) -> tuple[str, str]:
            variables = doctor.variables | mine | {"RECADO_WINDOW_TEMPLATE": setting}
            found = [one async for one in examine(variables, doctor.home / ".env") if one.what == "whatsapp"]
            return found[-1].state, found[-1].says

        assert await said("hello:en_US") == ("ok", f"the template hello:en_US can go out from number {PHONE_NUMBER_ID}")
        state, says = await said("hello:en_US, name={name}")
        assert (state, "no variable name" in says) == ("warning", True)
        meta.templates.fault = (403, 200)
        state, says = await said("hello:en_US")
        assert (state, "whatsapp_business_management" in says) == ("warning", True)
