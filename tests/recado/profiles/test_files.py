"""Files of profiles: every problem has its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from recado.profiles.files import FilesWrong, document, documents, files_in, line_of


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = ", "shop.toml, line 1: this is no TOML"),
        ("\n\na = 1\na = 2", "shop.toml, line 4: this is no TOML"),
        ('a = """', "shop.toml, line 1: this is no TOML"),
        ("[settings\n", "shop.toml, line 1: this is no TOML"),
        ("x = " + "[" * 3000, "shop.toml: this is no TOML (it is nested too deeply)"),
        ("x = " + "9" * 5000, "shop.toml: this is no TOML"),
        ("\nname = 'Shop'", "shop.toml, line 2: 'Shop' is no name of a profile"),
        ("name = 'default'", "shop.toml, line 1: 'default' is no name of a profile"),
        ("name = ['a']", "is no name of a profile"),
        ("settings = 1", "shop.toml, line 1: settings is no table"),
        ("accounts = '551'", "shop.toml, line 1: accounts is no list of texts"),
        ("accounts = [551]", "accounts is no list of texts"),
        ("accounts = ['=x']", "accounts is a list in which '=x' is an account which is no name"),
        ("\nchats = ['no one']", "shop.toml, line 2: chats is a list in which 'no one' is not the JID of a chat"),
        ("groups = ['5511999990001']", "shop.toml, line 1: groups is a list in which '5511999990001' is no group"),
        ("chats = ['/5511999990001']", "is an account which is no name"),
        ("[settings]\ndebounce = 2026-01-01", "shop.toml, line 2: debounce is a date or a time: put it into quotes"),
        ("[settings]\nx = nan", "x is no number"),
        ("[settings]\nx = 99999999999999999", "x is too large a number"),
        ("[settings]\nx = " + "[" * 12 + "1" + "]" * 12, "x has more than 8 levels"),
        ("[settings]\nopenai_api_key = 'sk-1'", "shop.toml, line 2: openai_api_key is a key, and a profile holds none"),
        ("[settings]\nfallback_api_key = 'sk-1'", 'its name here as fallback_api_key_name = "…"'),
        ("[settings]\nai_system_prompt = '" + "x" * 70_000 + "'", "at most 65,536"),
        ("# " + "x" * 140_000, "it is too large"),
        ("\nx" + ".a" * 30_000 + " = 1", "shop.toml, line 2: over 40 words with dots"),
        ("[x" + ". a" * 20_000 + "]", "shop.toml, line 1: over 40 words with dots"),
    ],
)
def test_a_wrong_file(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(text)
    with pytest.raises(FilesWrong) as wrong:
        documents([tmp_path / "shop.toml"])
    assert said in str(wrong.value)
    assert "sk-1" not in str(wrong.value)


def test_all_problems_of_all_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text("name = 'x'\nchats = ['?']\ngroups = 1")
    (tmp_path / "latin.toml").write_bytes("é".encode("latin-1"))
    with pytest.raises(FilesWrong) as wrong:
        documents(files_in([tmp_path])[0])
    assert [(one.file, one.line) for one in wrong.value.problems] == [
        ("a.toml", 2),
        ("a.toml", 3),
        ("b.toml", 2),
        ("b.toml", 3),
        ("latin.toml", None),
    ]


def test_one_name_in_two_files(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("name = 'x'")
    (tmp_path / "x.toml").write_text("")
    with pytest.raises(FilesWrong, match=r"x.toml: the profile x is in a.toml too"):
        documents(files_in([tmp_path])[0])


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(FilesWrong, match="there is no file"):
        files_in([tmp_path])
    for name in ("b.toml", "a.toml", ".a.toml", "a.toml~", "a.txt"):
        (tmp_path / name).write_text("")
    found, folder = files_in([tmp_path])
    assert ([path.name for path in found], folder) == (["a.toml", "b.toml"], True)
    with pytest.raises(FilesWrong, match="one folder, or files"):
        files_in([tmp_path / "a.toml", tmp_path])


def test_windows_lines_and_a_mark_at_the_beginning(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_bytes(b'\xef\xbb\xbfaccounts = ["1"]\r\n[settings]\r\nopenai_model = "a"\r\n')
    (found,) = documents([tmp_path / "shop.toml"])
    assert (found.name, found.accounts, found.settings) == ("shop", ("1",), {"openai_model": "a"})
    assert found.line_of("settings", "openai_model") == 3


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1\nb = 2", ("b",), 2),
        ("a = '''\nb = 1\n'''\nb = 2", ("b",), 4),
        ("# b = 1\nb = 2", ("b",), 2),
        ("ab = 1\nb-c = 1\nb = 2", ("b",), 3),
        ("a = [\n  'b',\n]\nb = 2", ("b",), 4),
        ("[settings]\nb = 1", ("settings", "b"), 2),
        ("b = 1\n[settings]\n  b = 1", ("settings", "b"), 3),
        ("settings.b = 1", ("settings", "b"), 1),
        ("x = 1\n\n[[settings.b]]\ntype = 'x'", ("settings", "b"), 3),
        ("[settings]\n'b' = 1", ("settings", "b"), 2),
        ("settings = {c = 1, b = 2}", ("settings", "b"), 1),
        ("a = 1", ("b",), None),
    ],
)
def test_the_line_of_a_field(text: str, path: tuple[str, ...], line: int | None) -> None:
    assert line_of(text, path) == line


def test_a_text_that_holds_a_field_often() -> None:
    """It costs no time that grows with it."""
    text = "a = '''\n" + "b = 1\n" * 10_000 + "'''\nb = 2"
    assert line_of(text, ("b",)) is None
    assert document("a.toml", "name = 'a'\n[settings]\nopenai_model = 'x'", "b").settings == {"openai_model": "x"}
