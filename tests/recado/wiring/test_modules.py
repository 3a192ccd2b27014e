"""What an instance loads beside recado is looked for at the start, with all that is wrong with the settings."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from recado.cli.session import settings_of_instance
from recado.doctor.doctor import examine
from recado.settings.environment import SettingsInvalid
from recado.settings.settings import settings_of
from recado.wiring import modules

WHAT_TO_DO = "install it with `make speech` (the extra recado[speech])"


@pytest.fixture
def without_av(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """PyAV is not installed, and no setting is made."""

    def found(name: str, package: str | None = None) -> Any:
        return None if name == "av" else find_spec(name, package)

    monkeypatch.setattr(modules, "find_spec", found)
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_MODE"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    "variables",
    [
        {"OPENAI_API_KEY": "sk-1"},
        {"OPENAI_BASE_URL": "http://localhost:1/v1"},
        {"OPENAI_TRANSCRIPTION_BASE_URL": "http://localhost:1/v1"},
        {"OPENAI_API_KEY": "sk-1", "OPENAI_TRANSCRIPTION_MODEL": "whisper-1"},
    ],
    ids=",".join,
)
def test_a_server_of_speech_without_pyav(without_av: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    """Else the first voice note in another format than the server's would be the one to find out."""
    for name, value in variables.items():
        without_av.setenv(name, value)
    with pytest.raises(SettingsInvalid, match="PyAV, which converts them, is not installed") as refused:
        settings_of_instance()
    assert WHAT_TO_DO in str(refused.value)
    assert "OPENAI_TRANSCRIPTION_MODEL= (empty)" in str(refused.value)


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"OPENAI_API_KEY": "sk-1", "OPENAI_TRANSCRIPTION_MODEL": ""},
        {"OPENAI_API_MODE": "scripted"},
    ],
    ids=["the local model", "no speech", "scripted"],
)
def test_without_a_server_of_speech_nothing_is_missing(
    without_av: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        without_av.setenv(name, value)
    assert not settings_of_instance().speech_model


def test_all_that_is_wrong_is_told_at_once(without_av: pytest.MonkeyPatch) -> None:
    """A setting that cannot be read, a module that is not there, and what is not installed."""
    wrong = {"OPENAI_API_KEY": "sk-1", "RECADO_PORT": "many", "RECADO_TOOLS": "no_such_tools"}
    for name, value in wrong.items():
        without_av.setenv(name, value)
    with pytest.raises(SettingsInvalid) as refused:
        settings_of_instance()
    for told in ("RECADO_PORT", "the module no_such_tools cannot be imported", WHAT_TO_DO):
        assert told in str(refused.value)


async def test_the_doctor_tells_all_at_once_too(without_av: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wrong = {"OPENAI_API_KEY": "sk-1", "RECADO_PORT": "many", "RECADO_TOOLS": "no_such_tools"}
    found = {finding.what: finding async for finding in examine(wrong, tmp_path / ".env")}
    assert {what: finding.state for what, finding in found.items()} == dict.fromkeys(
        ["settings", "tools", "speech"], "failure"
    )
    assert "the module no_such_tools cannot be imported" in found["tools"].says
    assert WHAT_TO_DO in found["speech"].says


@pytest.mark.parametrize(("module", "state"), [("no_such_tools", "failure"), ("shop_tools", "ok")])
async def test_the_doctor_loads_the_module_of_tools(
    module: str, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And goes on with the other checks."""
    if state == "ok":
        (tmp_path / "shop_tools.py").write_text('def look_up(item: str) -> str:\n    """The price."""\n')
        monkeypatch.syspath_prepend(tmp_path)
    given = {"RECADO_DATA": str(tmp_path), "OPENAI_API_MODE": "scripted", "RECADO_TOOLS": module}
    found = {finding.what: finding async for finding in examine(given, tmp_path / ".env")}
    assert found["tools"].state == state
    assert module in found["tools"].says
    assert {"bus", "model"} <= set(found)


@pytest.mark.parametrize("name", ["ask_choice", "send_file", "send_location"])
@pytest.mark.parametrize("is_on", [True, False])
def test_a_function_with_the_name_of_a_tool_of_recados_own(
    name: str, is_on: bool, tmp_path: Path, without_av: pytest.MonkeyPatch
) -> None:
    """It is refused at start where that tool is switched on, and a function like any other elsewhere."""
    module = f"own_{name}_{is_on}"
    (tmp_path / f"{module}.py").write_text(f'def {name}(item: str) -> str:\n    """Mine."""\n')
    without_av.syspath_prepend(tmp_path)
    others = {"ask_choice", "send_file", "send_location"} - {name}
    settings = settings_of(
        {
            "OPENAI_API_MODE": "scripted",
            "RECADO_TOOLS": module,
            "RECADO_BUILT_IN_TOOLS": ",".join(sorted({*others, name} if is_on else others)),
        }
    )
    told = modules.tools_problem(settings)
    if not is_on:
        assert told is None
        return
    assert told is not None
    assert f"the module {module} has the function {name}" in told
    assert "take the name out of RECADO_BUILT_IN_TOOLS" in told
