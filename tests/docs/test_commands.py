"""The commands of the README and the docs work, on a running recado."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.running import Running

ROOT = Path(__file__).parents[2]
PAGES = sorted(["README.md", *(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))])
BLOCK = re.compile(r"^ *```console\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def recado(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """recado up, with scripted replies, in a folder of its own that looks like a checkout."""
    folder = tmp_path_factory.mktemp("docs")
    for name in ("examples", ".venv"):
        (folder / name).symlink_to(ROOT / name if (ROOT / name).exists() else Path(sys.prefix))
    with Running(folder) as running:
        running.type('recado say 5511999999999 "hello" --id MESSAGE_ID')
        yield running


def commands(page: str) -> list[str]:
    """The lines of a page's console blocks, without their comments."""
    blocks = BLOCK.findall((ROOT / page).read_text())
    lines = (re.sub(r"\s+#.*", "", line).strip() for block in blocks for line in block.splitlines())
    return [line for line in lines if line]


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)])
def test_the_commands_of_a_page_work(page: str, recado: Running) -> None:
    """Each line of a console block, in order, in one shell, ends with status 0."""
    script = []
    for line in commands(page):
        if line.startswith("make "):
            target = line.removeprefix("make ")
            dry = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
            assert dry.returncode == 0, f"{line}: {dry.stderr}"
        elif "--follow" in line:
            script.append(f"timeout 3 {line} || test $? -eq 124")
        else:
            script.append(line)
    recado.type("\n".join(script))


def test_every_command_has_its_place_in_the_docs() -> None:
    """`recado --help` and docs/commands.md name the same commands."""
    from recado.cli import SECTIONS

    text = (ROOT / "docs/commands.md").read_text()
    names = [name for section in SECTIONS.values() for name in section]
    assert [name for name in names if f"recado {name}" not in text] == []
    assert os.environ.get("NATS_URL") is None, "tests run against their own bus"
