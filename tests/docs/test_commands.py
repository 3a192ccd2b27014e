"""Every command of the README and the docs is right as it is written, from where its reader is."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from dotenv import dotenv_values

from recado.cli import SECTIONS, main
from recado.settings.settings import VARIABLES, settings_of
from tests.docs.pages import PAGES, ROOT, blocks, commands
from tests.docs.reader import Reader

CANNOT = {
    ("README.md", "make test"): "runs this test",
    ("docs/commands.md", "recado doctor --model"): "judges a model, and the tests have a double that echoes",
    ("docs/modes.md", "recado doctor --model"): "judges a model, and the tests have a double that echoes",
    ("docs/console.md", "ssh -L 8088:localhost:8088 HOST"): "needs another machine",
    ("docs/contributing.md", "make check"): "takes minutes",
    ("docs/contributing.md", "make test"): "runs this test",
    ("docs/device.md", "pip install 'neonize==0.5.2'"): "would change the environment of the tests",
    ("docs/device.md", "recado gateway device"): "needs a phone",
    ("docs/users.md", "recado user add ana"): "asks for a password",
    ("docs/users.md", "recado user add tom --role agent"): "asks for a password",
    ("docs/users.md", "recado user add bia --role viewer --account 5511988887777"): "asks for a password",
    ("docs/whatsapp.md", "recado template list"): "needs a number at Meta's",
    (
        "docs/whatsapp.md",
        "recado send 5511999999999 --template order_ready:pt_BR --set name=Ana --set what=bolo",
    ): "needs a number at Meta's",
    (
        "docs/whatsapp.md",
        "recado send +5511988887777 --new --template menu:en --header https://bakery.example/menu.pdf",
    ): "needs a number at Meta's",
    ("docs/performance.md", "make bench"): "takes an hour",
    ("docs/performance.md", "make soak"): "takes an hour",
    ("docs/security.md", "make fuzz"): "takes minutes",
    ("docs/security.md", "make fuzz FUZZ_SEED=7"): "takes minutes",
    ("docs/security.md", 'make fuzz FUZZ_ARGS="--inputs 5000"'): "takes minutes",
}
"""(page, command): the reason for which a test cannot run it. `make` and `recado` lines are checked without running."""

LANGUAGES = {
    "console": "commands, which the tests run",
    "ini": "lines of .env",
    "text": "output, and files of other programs",
    "json": "payloads",
    "mermaid": "a drawing",
}
_PROGRAMS = "recado|make|python3?|pip|curl|nats|npm|node|cd|export|source|docker|kubectl|systemctl|ssh|sh|bash"
INDENTED = re.compile(rf"^ {{4,}}(?:\w+=\S+ )*(?:\.venv/bin/)?(?:{_PROGRAMS}) (?!→)", re.MULTILINE)


@pytest.fixture(scope="session")
def model() -> Iterator[str]:
    """The address of a double of OpenAI's API."""
    double = [sys.executable, "-m", "tests.doubles.openai_server"]
    with subprocess.Popen(double, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield process.stdout.readline().decode().strip()
        process.terminate()


def left_out(page: str) -> list[str]:
    return [command for where, command in CANNOT if where == page]


@pytest.mark.slow("each page has a recado of its own, and commands one after the other")
@pytest.mark.parametrize("page", [page for page in PAGES if {c.typed for c in commands(page)} - set(left_out(page))])
def test_the_commands_of_a_page_work(page: str, model: str, tmp_path: Path) -> None:
    Reader(tmp_path, model).reads(blocks(page), left_out(page))


@pytest.mark.parametrize(("page", "command"), CANNOT)
def test_a_command_that_cannot_run_is_checked_otherwise(page: str, command: str) -> None:
    """It is on its page; make has its target; recado has the command and its options."""
    assert command in [each.typed for each in commands(page)]
    words = [word for word in shlex.split(command) if not re.match(r"[A-Z_]+=", word)]
    if words[0] == "make":
        subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, check=True, capture_output=True)
    if words[0] == "recado":
        group, arguments = main, words[1:]
        while isinstance(group, click.Group):
            context = click.Context(group)
            _, found, arguments = group.resolve_command(context, arguments)
            assert found is not None
            group = found  # type: ignore[assignment]
        group.make_context(command, arguments)


@pytest.mark.parametrize("page", PAGES)
def test_a_block_says_what_it_is(page: str) -> None:
    """So no command escapes: each block has one of these languages, and an indented block holds no command."""
    assert {block.language for block in blocks(page)} <= set(LANGUAGES)
    assert INDENTED.findall((ROOT / page).read_text()) == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("nosuchprogram", "nosuchprogram: command not found"),
        ("recado chats", "recado: command not found"),
        ("curl -s http://127.0.0.1:$RECADO_PORT/", "RECADO_PORT: unbound variable"),
        ("source .venv/bin/activate\nrecado nosuch", "should end with 0, and ended with 2"),
        ("false | true", "should end with 0, and ended with 1"),
        ("cd examples\nls .env", "should end with 0, and ended with 2"),
        ("true    # exit status 1", "should end with 1, and ended with 0"),
        ("false    # until Ctrl-C", "false ended by itself"),
    ],
)
def test_a_command_that_is_wrong_is_found(typed: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=re.escape(said)):
        Reader(tmp_path, "http://127.0.0.1:9/v1").types(typed)


@pytest.mark.parametrize("page", PAGES)
def test_lines_of_env_are_settings(page: str) -> None:
    """Each is a setting by name, and all of a block together are accepted where nothing is left out with `…`."""
    for block in blocks(page):
        if block.language == "ini":
            values = dotenv_values(stream=io.StringIO(block.text))
            names = {variable.name for variable in VARIABLES.values()}
            assert {name for name in values if not name.startswith("WHATSAPP_ACCESS_TOKEN_")} <= names
            if "…" not in block.text:
                settings_of({name: value or "" for name, value in values.items()} | {"OPENAI_API_KEY": "sk-key"})


def test_pages_name_the_cli_of_nats_where_they_use_it() -> None:
    """It is a program that recado does not bring: such a page leads to its address."""
    for page in PAGES:
        text = (ROOT / page).read_text()
        assert not re.search(r"`nats [a-z]", text) or "#the-nats-cli)" in text, page


def test_every_command_has_its_place_in_the_docs() -> None:
    """`recado --help` and docs/commands.md name the same commands."""
    text = (ROOT / "docs/commands.md").read_text()
    names = [name for section in SECTIONS.values() for name in section]
    assert [name for name in names if f"recado {name}" not in text] == []
    assert os.environ.get("NATS_URL") is None, "tests run against their own bus"
