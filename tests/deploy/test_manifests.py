"""What deploy/ has for compose, Kubernetes, systemd and Prometheus is well formed, and speaks of things that exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from prometheus_client import REGISTRY

import actors.metrics
import actors.room  # noqa: F401 - both for the metrics that they register
from recado.settings import NAMES

DEPLOY = Path(__file__).parents[2] / "deploy"
KUBERNETES = "1.37"
UNITS = sorted(unit.name for unit in (DEPLOY / "systemd").glob("*.service"))
NOT_OURS = {"NATS_STORE"}
"""Variables that nats-server reads."""


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded


def manifests() -> Iterator[dict[str, Any]]:
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        yield from yaml.safe_load_all(path.read_text())


def unit(name: str) -> dict[str, list[str]]:
    """The keys of a unit, each with all its values."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "systemd" / name).read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def test_the_compose_file_fits_the_specification() -> None:
    """As the schema of the Compose Specification has it."""
    schema = json.loads((files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(compose())


def test_the_compose_file_mounts_what_is_there() -> None:
    """Every file comes with recado or is made by make-secrets.sh; every volume is declared."""
    mounts = [volume for service in compose()["services"].values() for volume in service["volumes"]]
    assert mounts
    for mount in mounts:
        source = mount.split(":")[0]
        if source.startswith("./secrets/"):
            assert source.removeprefix("./secrets/") in {"passwords.conf", "tls", "tls/ca.pem"}
        elif source.startswith("./"):
            assert (DEPLOY / source).exists(), source
        else:
            assert source in compose()["volumes"]


def test_kubernetes_takes_the_manifests() -> None:
    """As the API's own schemas have them, nothing unknown in them."""
    kinds = []
    for manifest in manifests():
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
        kinds.append(manifest["kind"])
    assert sorted(kinds) == ["Deployment", "PodDisruptionBudget", "Service", "Service", "StatefulSet"]


def test_pods_have_the_time_to_stop_and_are_not_killed_for_an_outage() -> None:
    """An instance drains for 5 s, a gateway for 35 s; liveness asks whether the process lives, and nothing else."""
    from recado.cloud import DRAIN as GATEWAY
    from recado.wiring import DRAIN as INSTANCE

    pods = {m["metadata"]["name"]: m["spec"]["template"]["spec"] for m in manifests() if "template" in m["spec"]}
    assert pods["recado"]["terminationGracePeriodSeconds"] > INSTANCE + 5
    assert pods["recado-gateway"]["terminationGracePeriodSeconds"] > GATEWAY + 5
    for pod in pods.values():
        (container,) = pod["containers"]
        assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_again_and_has_the_time_to_stop(name: str) -> None:
    """And may not do what it need not do."""
    keys = unit(name)
    assert keys["Restart"] == ["always"]
    least = {"recado@.service": 10, "recado-gateway.service": 40, "nats-server.service": 30}[name]
    assert int(keys["TimeoutStopSec"][0]) > least
    assert keys["ExecStart"][0].startswith("/")
    assert (keys["NoNewPrivileges"], keys["ProtectSystem"]) == (["true"], ["strict"])
    assert keys["User"] != ["root"]


def test_every_variable_that_is_set_is_one() -> None:
    """A name that recado does not know would have no effect."""
    names = {name for service in compose()["services"].values() for name in service.get("environment", {})}
    for manifest in manifests():
        containers = manifest["spec"].get("template", {}).get("spec", {}).get("containers", [])
        names |= {variable["name"] for container in containers for variable in container["env"]}
    names |= {value.partition("=")[0] for name in UNITS for value in unit(name).get("Environment", [])}
    assert names - NOT_OURS <= NAMES
    assert {"RECADO_INSTANCE", "RECADO_DATA", "NATS_CA"} <= names


def test_alerts_ask_for_figures_that_there_are() -> None:
    """By the names under which /metrics has them; every target is a service of the compose file."""
    known = {sample.name for metric in REGISTRY.collect() for sample in metric.samples}
    known |= {f"{metric.name}_total" for metric in REGISTRY.collect() if metric.type == "counter"}
    groups = yaml.safe_load((DEPLOY / "prometheus-rules.yml").read_text())["groups"]
    asked = {name for group in groups for rule in group["rules"] for name in re.findall(r"recado_\w+", rule["expr"])}
    assert asked
    assert asked <= known
    scraped = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())["scrape_configs"]
    targets = [target for job in scraped for each in job["static_configs"] for target in each["targets"]]
    assert {target.split(":")[0] for target in targets} <= compose()["services"].keys()
