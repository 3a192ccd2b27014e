"""Secrets by name: variables first, then a file of that name in RECADO_SECRETS, which may be replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from recado.settings.environment import SettingsInvalid
from recado.settings.secrets import Secrets, SecretUnusable
from recado.settings.settings import VARIABLES, Settings, settings_of

FILES = [variable.name for variable in VARIABLES.values() if variable.may_be_file]
TEXTS = {"RECADO_HOSTED_TOOLS": '[{"type": "web_search"}]', "NATS_URL": "tls://instance:from-a-file@bus:4222"}
MODE = {"OPENAI_API_MODE": "responses", "OPENAI_BASE_URL": "http://localhost:1/v1"}


@pytest.mark.parametrize("name", FILES)
def test_each_secret_setting_may_be_a_file(tmp_path: Path, name: str) -> None:
    """Its value is that of the file, without the end of its line; of NATS_URL too, which may hold a password."""
    text = TEXTS.get(name, "from-a-file-1")
    (tmp_path / name).write_text(f"{text}\n")
    field = next(field for field, variable in VARIABLES.items() if variable.name == name)
    told = settings_of({**MODE, "RECADO_SECRETS": str(tmp_path)})
    assert getattr(told, field) == VARIABLES[field].value(text) != getattr(Settings(), field)


@pytest.mark.parametrize(
    ("set_", "wanted"), [("sk-variable-1", "sk-variable-1"), ("", "sk-file-1"), ("  ", "sk-file-1")]
)
def test_a_variable_counts_first(tmp_path: Path, set_: str, wanted: str) -> None:
    """An empty one is unset."""
    (tmp_path / "OPENAI_API_KEY").write_text("sk-file-1")
    assert settings_of({"OPENAI_API_KEY": set_, "RECADO_SECRETS": str(tmp_path)}).openai_api_key == wanted


def test_other_settings_are_no_files(tmp_path: Path) -> None:
    """A folder of secrets decides nothing else."""
    (tmp_path / "RECADO_PORT").write_text("1")
    assert settings_of({"RECADO_SECRETS": str(tmp_path)}).port == Settings().port


@pytest.mark.parametrize("end", ["", "\n", "\r\n", " \n\n"])
def test_the_end_of_the_line_is_no_part_of_it(tmp_path: Path, end: str) -> None:
    """As an editor, `echo`, and Windows leave it."""
    (tmp_path / "KEY_2").write_bytes(f"sk-two{end}".encode())
    assert Secrets({}, tmp_path).value("KEY_2") == "sk-two"


def test_a_file_is_read_again_on_demand(tmp_path: Path) -> None:
    """And not before."""
    file, secrets = tmp_path / "KEY", Secrets({}, tmp_path)
    file.write_text("sk-old")
    assert secrets.value("KEY") == "sk-old"
    file.write_text("sk-new")
    assert secrets.value("KEY") == "sk-old"
    assert secrets.again("KEY") == secrets.value("KEY") == "sk-new"


def test_an_unknown_name_is_looked_up_each_time(tmp_path: Path) -> None:
    """So a number is added while recado runs."""
    secrets = Secrets({}, tmp_path)
    assert secrets.value("TOKEN_SHOP_2") is None
    (tmp_path / "TOKEN_SHOP_2").write_text("EAAG-2")
    assert secrets.value("TOKEN_SHOP_2") == "EAAG-2"


def test_what_cannot_be_read_leaves_the_value(tmp_path: Path) -> None:
    """A key that works is not lost by a wrong file in its place."""
    file, secrets = tmp_path / "KEY", Secrets({}, tmp_path)
    file.write_text("sk-old")
    assert secrets.value("KEY") == "sk-old"
    file.write_text("two words")
    with pytest.raises(SecretUnusable, match="copy it again"):
        secrets.again("KEY")
    assert secrets.value("KEY") == "sk-old"
    file.unlink()
    assert secrets.again("KEY") is None


def test_each_value_is_masked_before_it_is_returned(tmp_path: Path) -> None:
    """Those read earlier, those of variables that no setting has, and those read later."""
    for name in ("OPENAI_API_KEY", "KEY"):
        (tmp_path / name).write_text(f"sk-{name}-old")
    settings = settings_of({"RECADO_SECRETS": str(tmp_path), "OWN_KEY": "sk-own-1"})
    masked: list[str] = []
    settings.mask(masked.append)
    assert "sk-OPENAI_API_KEY-old" in masked
    (tmp_path / "OPENAI_API_KEY").write_text("sk-new-1")
    for name in ("KEY", "OWN_KEY"):
        assert settings.secrets.value(name) in masked
    assert settings.secrets.again("OPENAI_API_KEY") == "sk-new-1"
    assert "sk-new-1" in masked


@pytest.mark.parametrize("folder", ["no-such-folder", __file__])
def test_a_folder_that_is_none(folder: str) -> None:
    """Named at the start, with what to do."""
    with pytest.raises(SettingsInvalid, match=r"RECADO_SECRETS is .* which is no folder: give the path of one"):
        settings_of({"RECADO_SECRETS": folder})


def test_a_wrong_value_is_named_with_its_file(tmp_path: Path) -> None:
    """And not shown."""
    (tmp_path / "OPENAI_API_KEY").write_text("sk-one two")
    with pytest.raises(SettingsInvalid, match=r"OPENAI_API_KEY is '…', which holds a space.*in the file") as caught:
        settings_of({"RECADO_SECRETS": str(tmp_path)})
    assert str(tmp_path / "OPENAI_API_KEY") in str(caught.value)
    assert "one two" not in str(caught.value)


def test_settings_that_need_each_other_may_be_files(tmp_path: Path) -> None:
    """A server in a file is a server: NATS_INBOX_PREFIX belongs to it."""
    (tmp_path / "NATS_URL").write_text("nats://bus:4222")
    assert settings_of({"RECADO_SECRETS": str(tmp_path), "NATS_INBOX_PREFIX": "_INBOX.x"}).nats_url
