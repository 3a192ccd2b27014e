"""The settings of one instance on its machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from recado.settings.paths import existing_folder, folder
from recado.settings.variables import Endpoint, Variable, endpoint, instance, name, whole
from recado.settings.whatsapp import UNSET_ACCOUNT


@dataclass(frozen=True, kw_only=True, repr=False)
class InstanceSettings:
    """The settings of the instance."""

    account: Annotated[
        str,
        Variable(
            name="RECADO_ACCOUNT",
            reader=name(),
            meaning="The business number or device of the built-in gateways, the simulated phones and `recado say`, "
            "and the account in which `--new` begins a chat, unless they get another one. Other commands find a chat's "
            "account themselves. An instance answers every account in the log.",
            example="5511988887777",
            keep_empty=True,
        ),
    ] = UNSET_ACCOUNT
    data: Annotated[
        Path,
        Variable(
            name="RECADO_DATA",
            reader=folder(),
            meaning="The folder for recado's files: the projection and, unless `NATS_URL` is set, the log itself. One "
            "process uses it at a time.",
            example="/var/lib/recado",
        ),
    ] = Path("data")
    secrets_folder: Annotated[
        Path | None,
        Variable(
            name="RECADO_SECRETS",
            reader=existing_folder(),
            meaning="A folder with secrets, each in a file that is named as its variable (`OPENAI_API_KEY`, "
            "`WHATSAPP_ACCESS_TOKEN`, `RECADO_PAGE_PASSWORD`, `NATS_URL` …) and holds the value alone. A variable that "
            "is set itself counts first. See [Secrets in files](operations.md#secrets-in-files).",
            example="/etc/recado/secrets",
        ),
    ] = None
    probes: Annotated[
        Endpoint | None,
        Variable(
            name="RECADO_PROBES",
            reader=endpoint(),
            meaning="A second address for `/healthz`, `/readyz` and `/metrics` of `recado serve` and `recado up`, for "
            "supervisors and Prometheus on other machines. It shows numbers and states only, no message and no page.",
            example="0.0.0.0:9088",
        ),
    ] = None
    port: Annotated[
        int,
        Variable(
            name="RECADO_PORT",
            reader=whole(0, 65535),
            meaning="The port of the page, `/healthz`, `/readyz` and `/metrics`, on the address `RECADO_HOST`. 0: any "
            "free one, which is printed.",
            example="9000",
        ),
    ] = 8088
    instance: Annotated[
        str | None,
        Variable(
            name="RECADO_INSTANCE",
            reader=instance(),
            meaning="This instance's name. If unset, one is made up and kept in `RECADO_DATA`.",
            example="blue-1",
        ),
    ] = None
