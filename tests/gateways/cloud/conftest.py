"""The logs, the folder and the secrets that the Cloud API's gateway is tested on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateways.conftest import data_dir, log

__all__ = ["data_dir", "folder", "log"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """RECADO_SECRETS."""
    made = tmp_path / "secrets"
    made.mkdir()
    return made
