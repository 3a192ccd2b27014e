"""The logs and the webhook that the Cloud API's gateway is tested on."""

from __future__ import annotations

from tests.gateways.conftest import data_dir, log

__all__ = ["data_dir", "log"]
