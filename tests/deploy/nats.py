"""NATS servers on the very configuration of deploy/nats, with secrets made by its script."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from events.jetstream.connection import API_PREFIX, Bus
from tests.nats_server import BINARY, READY_WITHIN, free_port

DEPLOY = Path(__file__).parents[2] / "deploy"
ROLES = ("instance", "gateway", "consumer", "operator")


class DeployedNats:
    """One server, or those of a cluster, in `folder`. What the tests give on the command line are ports and places."""

    def __init__(self, folder: Path, size: int = 1) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for file in (DEPLOY / "nats").glob("*.conf"):
            shutil.copy(file, folder)
        made = subprocess.run(
            [DEPLOY / "nats" / "make-secrets.sh", folder, "localhost", "--", "127.0.0.1"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        self.ports = [free_port() for _ in range(size)]
        self._routes = [free_port() for _ in range(size)]
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def ca(self) -> Path:
        return self.folder / "tls" / "ca.pem"

    def environment(self, role: str) -> dict[str, str]:
        """What the script wrote for the role, with the ports of the test."""
        lines = (self.folder / f"{role}.env").read_text().splitlines()
        settings = dict(line.split("=", 1) for line in lines)
        one = settings["NATS_URL"]
        settings["NATS_URL"] = ",".join(one.replace(":4222", f":{port}") for port in self.ports)
        return settings

    async def connect(self, role: str) -> Bus:
        """A connection with the role's settings."""
        settings = self.environment(role)
        return await Bus.open(
            settings["NATS_URL"],
            name=role,
            ca=Path(settings["NATS_CA"]),
            inbox_prefix=settings["NATS_INBOX_PREFIX"],
            api_prefix=settings.get("NATS_API_PREFIX", API_PREFIX),
        )

    def store(self, number: int = 0) -> Path:
        return self.folder / f"store-{number}"

    def start(self) -> None:
        """Start all and wait until they take connections."""
        for number, port in enumerate(self.ports):
            command = [BINARY, "-a", "127.0.0.1", "-p", str(port), "-m", str(free_port())]
            if len(self.ports) == 1:
                command += ["-c", "single.conf"]
            else:
                others = ",".join(f"nats://localhost:{route}" for route in self._routes)
                command += ["-c", "cluster.conf", "-n", f"nats-{number + 1}", "--routes", others]
                command += ["--cluster", f"nats://127.0.0.1:{self._routes[number]}"]
            with (self.folder / f"nats-{number}.log").open("ab") as output:
                env = {"NATS_STORE": str(self.store(number))}
                process = subprocess.Popen(command, cwd=self.folder, env=env, stdout=output, stderr=output)
            self._processes.append(process)
        deadline = time.monotonic() + READY_WITHIN
        for number, process in enumerate(self._processes):
            while "Server is ready" not in self.log(number):
                assert process.poll() is None, self.log(number)[-2000:]
                assert time.monotonic() < deadline, self.log(number)[-2000:]
                time.sleep(0.01)

    def log(self, number: int = 0) -> str:
        return (self.folder / f"nats-{number}.log").read_text()

    def stop(self) -> None:
        """SIGKILL, and wait until they are gone."""
        processes, self._processes = self._processes, []
        for process in processes:
            os.kill(process.pid, signal.SIGKILL)
            process.wait(READY_WITHIN)

    def lose_everything(self) -> None:
        """The disks are gone."""
        self.stop()
        for number in range(len(self.ports)):
            shutil.rmtree(self.store(number))
            (self.folder / f"nats-{number}.log").unlink()
