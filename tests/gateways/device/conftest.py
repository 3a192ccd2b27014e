"""The logs that a linked device's gateway is tested on, and neonize itself, loaded without its warnings."""

from __future__ import annotations

import subprocess
import warnings
from typing import Any

from recado.doctor.device_extra import require
from tests.gateways.conftest import data_dir, log

with warnings.catch_warnings():
    warnings.simplefilter("ignore", ResourceWarning)
    require()
    # neonize forgets two processes and their pipes, which would be found in the middle of a test.
    forgotten: Any = subprocess
    while forgotten._active:
        forgotten._cleanup()

__all__ = ["data_dir", "log"]
