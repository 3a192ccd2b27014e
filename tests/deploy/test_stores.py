"""The table of stores says what roles.conf, the code and the pages say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from events.stores import STORES, Role
from tests.deploy.nats import ROLES

ROOT = Path(__file__).parents[2]
ROLES_CONF = (ROOT / "deploy" / "nats" / "roles.conf").read_text()
_OF_NO_STORE = re.compile(r"\$JS\.|\$SRV\.|tools\.|templates\.")


def published(role: str) -> set[str]:
    """What roles.conf lets the role publish, without requests."""
    (allowed,) = re.findall(rf"user: {role}\n.*?publish \{{\s*allow: \[(.*?)\n\s*\]", ROLES_CONF, re.DOTALL)
    subjects = re.findall(r'^\s*"([^"]+)"$', allowed, re.MULTILINE)
    return {subject for subject in subjects if not _OF_NO_STORE.match(subject)}


def test_every_role_is_in_the_table() -> None:
    assert set(get_args(Role)) == set(ROLES)


@pytest.mark.parametrize("role", get_args(Role))
def test_a_role_writes_only_where_the_table_says(role: Role) -> None:
    """A role may publish what adds to the stores that the table says, and nothing else."""
    assert published(role) == {subject for store in STORES.values() for subject in store.writers.get(role, ())}


def test_erasable_subjects_may_be_erased() -> None:
    """Whatever erasing a chat reaches into, instances may delete single messages of, and nothing else."""
    erasable = {name for name, store in STORES.items() if "erase" in store.rights.get("instance", ())}
    assert erasable == {name for name, store in STORES.items() if store.erased is True}


@pytest.mark.parametrize("name", [name for name, store in STORES.items() if store.erased is not True])
def test_subjects_left_after_an_erasure_are_said(name: str) -> None:
    """docs/erasing.md names each store that keeps something of a chat that was erased."""
    bucket = name.removeprefix("KV_").removeprefix("OBJ_")
    assert f"`{bucket}`" in (ROOT / "docs" / "erasing.md").read_text()
