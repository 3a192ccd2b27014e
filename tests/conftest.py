"""What tests of every part share: a real nats-server of their own, a connection to it, and the log on it."""

from __future__ import annotations

import atexit
import gc
import os
import random
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog

from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from tests.nats_server import NatsServer

LOG_BYTES = 256 * 1024 * 1024

LONG = 5.0
"""Seconds after which a test says why it takes them."""

# How long an example takes depends on what else the machine does, and which example comes is chance: no test of the
# ordinary run is judged by either. `--hypothesis-profile=chance` tries other examples each time.
hypothesis.settings.register_profile(
    "recado", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile("chance", hypothesis.settings.get_profile("recado"), derandomize=False)
hypothesis.settings.load_profile("recado")


def pytest_configure(config: pytest.Config) -> None:
    """One seed for all that is left to chance, in every worker: the same each time, but in `make chaos`."""
    is_chaos = config.option.markexpr == "chaos"
    os.environ.setdefault("RECADO_TEST_SEED", str(random.SystemRandom().randrange(1_000_000) if is_chaos else 1))
    _trust_one_authority()
    _remember_no_logger()


def _remember_no_logger() -> None:
    """A logger that was used while a test had logs configured would keep that, and the tests after it would
    capture nothing of it."""
    configure = structlog.configure
    structlog.configure = lambda *given, **named: configure(*given, **{**named, "cache_logger_on_first_use": False})


def _trust_one_authority() -> None:
    """No test talks to the internet, and parsing the machine's 140 authorities takes 50 to 100 ms of CPU: at the start
    of every process, and for each client."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return  # it has been told by the one that started it
    if known := ssl.create_default_context().get_ca_certs(binary_form=True):
        with tempfile.NamedTemporaryFile("w", suffix=".pem", delete=False) as file:
            file.write(ssl.DER_cert_to_PEM_cert(known[0]))
        os.environ["SSL_CERT_FILE"] = file.name
        atexit.register(Path(file.name).unlink, missing_ok=True)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two for each core: for more than half of their time tests wait, for leases and timers and for one another."""
    return 2 * (os.cpu_count() or 1)


def pytest_report_header() -> str:
    return f"seed of the random kills: RECADO_TEST_SEED={os.environ['RECADO_TEST_SEED']}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that take long and do not say why."""
    passed: list[pytest.TestReport] = terminalreporter.stats.get("passed", [])
    if found := [one for one in passed if one.duration > LONG and "slow" not in one.keywords]:
        terminalreporter.section(f"over {LONG:g} s, without slow(why)")
        for one in found:
            terminalreporter.line(f"{one.duration:.1f} s {one.nodeid}")


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_left_open() -> Iterator[None]:
    """A socket, file or loop that a module's tests left open fails the module, not a later one that cleans up."""
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def _logs_as_at_the_beginning() -> Iterator[None]:
    """A command that a test runs in this process configures the logs: the next test reads its own."""
    yield
    if structlog.is_configured():
        structlog.reset_defaults()


def pytest_collection_finish() -> None:
    """What is imported stays: the collections after each module need not look at it."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    """A nats-server with JetStream and nothing in it; a test may kill it and start it again."""
    folder = tmp_path / "nats-server"
    folder.mkdir()
    server = NatsServer(folder)
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def bus(nats_server: NatsServer) -> AsyncIterator[Bus]:
    """A connection to that server."""
    bus = await Bus.open(nats_server.url, name="test")
    yield bus
    await bus.close()


@pytest.fixture
async def jetstream_log(bus: Bus) -> AsyncIterator[JetStreamLog]:
    """The log on that server, empty."""
    log = await JetStreamLog.open(bus, max_bytes=LOG_BYTES)
    yield log
    await log.close()
