"""The files of deploy/ beside the NATS configuration are valid by their schemas and in step with the program."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from prometheus_client import REGISTRY

import gateways.cloud.sender
import gateways.cloud.webhook  # noqa: F401 - its figures
from actors import (
    log_space,  # noqa: F401 - theirs
)
from recado.settings.settings import NAMES, VARIABLES
from recado.wiring.cloud_gateway import DRAIN as GATEWAY_DRAIN
from recado.wiring.instance import DRAIN
from tests.deploy.nats import DEPLOY

ROOT = DEPLOY.parent
COMPOSE = DEPLOY / "compose" / "compose.yaml"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
SECRET = {variable.name for variable in VARIABLES.values() if variable.secret}
NOT_OURS = {"NATS_STORE", "POD_NAME"}


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return loaded


def resources(file: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(file.read_text()))


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in MANIFESTS:
        for resource in resources(file):
            if "template" in resource["spec"]:
                yield resource["metadata"]["name"], resource["spec"]["template"]["spec"]


def test_compose_keeps_to_its_schema() -> None:
    """The Compose specification's own."""
    checker = Path(sys.executable).with_name("check-jsonschema")
    done = subprocess.run(
        [checker, "--builtin-schema", "vendor.compose-spec", COMPOSE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_compose_is_in_step() -> None:
    """Files that are mounted are there, settings are known, nothing is open to the network, stopping has its time."""
    services = compose()["services"]
    assert {f"nats-{n}" for n in (1, 2, 3)} | {f"recado-{n}" for n in (1, 2, 3)} | {"gateway", "prometheus"} == set(
        services
    )
    for name, service in services.items():
        for mount in service["volumes"]:
            source = mount.split(":")[0]
            if source.startswith("../"):
                assert (COMPOSE.parent / source).is_file(), mount
        assert set(service.get("environment", {})) <= NAMES | NOT_OURS
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        assert service["restart"] == "always"
    assert seconds(services["recado-1"]["stop_grace_period"]) > DRAIN + 2
    assert seconds(services["gateway"]["stop_grace_period"]) > GATEWAY_DRAIN
    assert (ROOT / "deploy" / "compose" / services["recado-1"]["build"]["context"]).resolve() == ROOT
    example = (COMPOSE.parent / "recado.env.example").read_text()
    assert set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE)) <= NAMES - SECRET


def test_prometheus_asks_what_is_there() -> None:
    """Every target is a service with that port, every figure in an alert is one of recado's."""
    services = compose()["services"]
    scrapes = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    for target in (target for scrape in scrapes for config in scrape["static_configs"] for target in config["targets"]):
        name, port = target.split(":")
        environment = services[name]["environment"]
        assert port in (environment.get("RECADO_PROBES", ":").split(":")[1], environment.get("RECADO_WEBHOOK_PORT"))
    figures = {sample.name for metric in REGISTRY.collect() for sample in metric.samples}
    figures |= {f"{metric.name}_total" for metric in REGISTRY.collect() if metric.type == "counter"}
    figures |= {metric.name for metric in REGISTRY.collect() if metric.type == "gauge"}  # of each account, say
    (group,) = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]:
        named = set(re.findall(r"recado_[a-z_]+", rule["expr"]))
        assert named <= figures, rule["alert"]
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"]
        assert f"`{rule['alert']}`" in (ROOT / "docs" / "operations.md").read_text()


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.stem)
def test_manifests_keep_to_their_schema(file: Path) -> None:
    """Kubernetes' own, nothing unknown allowed."""
    for resource in resources(file):
        kubernetes_validate.validate(resource, "1.37", strict=True)


def test_manifests_are_in_step() -> None:
    """Probes ask a port that listens, settings are known, stopping has its time, nobody is root."""
    found = dict(pods())
    assert set(found) == {"nats", "recado", "recado-gateway"}
    for pod in found.values():
        (container,) = pod["containers"]
        ports = {port["name"] for port in container["ports"]}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            asked = container.get(probe, {}).get("httpGet")
            assert asked is None or asked["port"] in ports
        assert {variable["name"] for variable in container["env"]} <= NAMES | NOT_OURS
        assert pod["securityContext"]["runAsNonRoot"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        mounts = {mount["name"] for mount in container["volumeMounts"]}
        assert mounts <= {volume["name"] for volume in pod["volumes"]} | {"data"}
    assert found["recado"]["terminationGracePeriodSeconds"] > DRAIN + 2
    assert found["recado-gateway"]["terminationGracePeriodSeconds"] > GATEWAY_DRAIN


def test_secrets_are_files() -> None:
    """Each program reads a folder that is mounted for it, and gets no secret of its own in a variable."""
    for name, service in compose()["services"].items():
        if (folder := service.get("environment", {}).get("RECADO_SECRETS")) is not None:
            assert [mount for mount in service["volumes"] if mount.split(":")[1] == folder], name
            assert not SECRET & set(service["environment"])
    assert "RECADO_SECRETS" in compose()["services"]["gateway"]["environment"]
    for name, pod in dict(pods()).items():
        (container,) = pod["containers"]
        set_ = {variable["name"]: variable.get("value") for variable in container["env"]}
        mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
        assert not SECRET & set(set_)
        assert name == "nats" or set_["RECADO_SECRETS"] in mounts
    for unit in UNITS:
        named = re.findall(r"^LoadCredential=(\w+):/etc/recado/secrets/(\w+)$", unit.read_text(), re.MULTILINE)
        assert all(name == file and name in SECRET for name, file in named)
        assert bool(named) == ("\nEnvironment=RECADO_SECRETS=%d\n" in unit.read_text()) == (unit.stem != "nats")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_units(unit: Path, tmp_path: Path) -> None:
    """systemd takes them where there is one, and they are restarted, hardened and given time everywhere."""
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[method-assign, assignment]
    parser.read(unit)
    service = parser["Service"]
    assert service["Restart"] == "always"
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["User"] != "root"
    assert parser["Install"]["WantedBy"] == "multi-user.target"
    drain = {"recado@": DRAIN + 2, "recado-gateway": GATEWAY_DRAIN, "nats": 32}[unit.stem]
    assert int(service["TimeoutStopSec"]) > drain
    if verify := shutil.which("systemd-analyze"):
        copy = tmp_path / unit.name
        copy.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE))
        done = subprocess.run([verify, "verify", copy], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_the_image_is_made_of_what_is_here() -> None:
    """Every file that it copies is there, and setuptools is found among the pins."""
    lines = (DEPLOY / "Dockerfile").read_text()
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", lines, re.MULTILINE):
        assert all((ROOT / source).exists() for source in sources.split())
    (script,) = re.findall(r"sed -n '([^']+)'", lines)
    pins = subprocess.run(
        ["sed", "-n", script, ROOT / "requirements" / "dev.txt"], capture_output=True, text=True, check=True
    ).stdout
    assert re.fullmatch(r"setuptools==\S+( \\\n    --hash=sha256:[0-9a-f]{64})+\n", pins)


def test_no_secret_is_kept_here() -> None:
    """No key, no certificate, no password."""
    kept = subprocess.run(["git", "ls-files", "deploy"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not re.search(r"\.(pem|key|csr|env)$|passwords\.conf$", kept, re.MULTILINE)
    for file in kept.split():
        assert "PRIVATE KEY" not in (ROOT / file).read_text()


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))
