"""The embedded NATS server's configuration: one JSON file in RECADO_DATA, which the server reads unchanged.

Name, port, token and sizes stay the same after a restart. The file holds the token, so only this user may read it.
"""

from __future__ import annotations

import resource
import shutil
import socket
from pathlib import Path
from secrets import token_hex, token_urlsafe

import msgspec
import structlog

from recado.embedded.data_folder import DataUnusable, write_private

CONFIG = "nats.json"

GIB = 1024**3
LARGEST_STORE = 32 * GIB
SMALLEST_STORE = GIB // 4

MOST_CONNECTIONS = 1024
"""Connections of the embedded server, which has files to open too."""

log = structlog.get_logger("recado.embedded")


class Authorization(msgspec.Struct, frozen=True):
    token: str


class JetStream(msgspec.Struct, frozen=True):
    """The JetStream part of the configuration, with sizes in bytes."""

    store_dir: str
    max_file_store: int
    max_memory_store: int = 256 * 1024**2
    sync_interval: str = "always"


class ServerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The fields are nats-server's own (https://docs.nats.io/running-a-nats-service/configuration)."""

    server_name: str
    host: str = "127.0.0.1"
    port: int
    pid_file: str
    log_file: str
    logfile_size_limit: int = 10 * 1024**2
    logfile_max_num: int = 2
    max_connections: int = MOST_CONNECTIONS
    authorization: Authorization
    jetstream: JetStream


def configuration(folder: Path, stored: ServerConfig | None) -> ServerConfig:
    """The configuration for the next start in this folder; `stored` is that of the last start. Raises DataUnusable."""
    return ServerConfig(
        server_name=stored.server_name if stored else f"recado-{token_hex(8)}",
        port=stored.port if stored else free_port(),
        pid_file=str(folder / "nats.pid"),
        log_file=str(folder / "nats-server.log"),
        max_connections=_most_connections(),
        authorization=stored.authorization if stored else Authorization(token_urlsafe(32)),
        jetstream=JetStream(
            store_dir=str(folder / "nats"),
            max_file_store=stored.jetstream.max_file_store if stored else _store_size(folder),
        ),
    )


def read_config(folder: Path) -> ServerConfig | None:
    """The stored configuration; None if it is missing or damaged. Raises OSError."""
    file = folder / CONFIG
    try:
        return msgspec.json.decode(file.read_bytes(), type=ServerConfig)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        log.warning("embedded.config_unreadable", file=str(file), reason=str(error), help="a new one is made")
        return None


def write_config(folder: Path, config: ServerConfig) -> None:
    """Store the configuration for the server and for the next start. Raises DataUnusable."""
    write_private(folder / CONFIG, msgspec.json.format(msgspec.json.encode(config), indent=2).decode() + "\n")


def free_port() -> int:
    """A port of the loopback interface that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    """True if a server could listen on this port of the loopback interface now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _most_connections() -> int:
    """Half of the files that the server, which inherits this process's limit, may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, max(soft // 2, 8))


def _store_size(folder: Path) -> int:
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise DataUnusable(folder, str(error)) from error
    if free < SMALLEST_STORE:
        raise DataUnusable(
            folder, f"only {free // 1024**2} MB are free on its disk, {SMALLEST_STORE // 1024**2} needed"
        )
    return max(SMALLEST_STORE, min(LARGEST_STORE, free * 3 // 4))
