"""Checks everything that recado needs. Each check gives a finding, with advice where something is wrong."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from pysqlite3 import dbapi2 as sqlite3

from events.jetstream.connection import Bus, BusRefused, BusUnreachable, BusUntrusted
from projections import files
from projections.database import VERSION, Damaged, Meta, meta_of, open_to_read
from recado import logs
from recado.doctor.accounts import account_findings
from recado.doctor.bus import bus_findings, gateways_on, log_now
from recado.doctor.chats import chat_findings
from recado.doctor.collections import collection_findings
from recado.doctor.deliveries import delivery_findings
from recado.doctor.documents import document_finding
from recado.doctor.embeddings import embedding_finding
from recado.doctor.finding import Finding, in_units
from recado.doctor.model import fallback_finding, model_finding
from recado.doctor.profiles import profile_findings
from recado.doctor.sign_in import sign_in_finding
from recado.doctor.speech import speech_finding
from recado.doctor.users import user_finding
from recado.doctor.whatsapp import whatsapp_findings
from recado.embedded.data_folder import DataUnusable
from recado.profiles.overlay import Overlay
from recado.settings.environment import SettingsInvalid, unknown_names, variables_of
from recado.settings.numbers import accounts_of
from recado.settings.settings import NAMES, Settings, doubts, read
from recado.wiring.connect import NotRunning, connect
from recado.wiring.modules import speech_problem, tools_problem

LITTLE_SPACE = 1024**3


async def examine(environ: Mapping[str, str], dotenv: Path) -> AsyncIterator[Finding]:
    """Make one check after the other. Changes nothing, never raises."""
    settings, given, findings = _settings(environ, dotenv)
    for finding in findings:
        yield finding
    if settings is None:
        return
    yield _data(settings)
    known = there = None
    try:
        bus = await connect(settings)
    except (NotRunning, BusUnreachable, BusUntrusted, BusRefused, DataUnusable) as error:
        yield Finding("bus", "failure", str(error))
    else:
        try:
            async for finding in bus_findings(bus):
                yield finding
            known = await log_now(bus)
            there = await gateways_on(bus)
            async for finding in _beside_the_log(bus, known[1] if known is not None else None, given, settings):
                yield finding
        finally:
            await bus.close()
    yield _projection(settings.data, known[0] if known is not None else None)
    for finding in chat_findings(settings.data, known[1] if known is not None else None):
        yield finding
    now = known[1] if known is not None else datetime.now(UTC)
    for finding in delivery_findings(settings.data, now, there, accounts_of(settings)):
        yield finding
    yield await document_finding()
    yield await model_finding(settings)
    for check in (fallback_finding, speech_finding, embedding_finding, sign_in_finding):
        if (found := await check(settings)) is not None:
            yield found
    async for finding in whatsapp_findings(settings):
        yield finding


def _settings(environ: Mapping[str, str], dotenv: Path) -> tuple[Settings | None, dict[str, str], list[Finding]]:
    """The settings, if all are valid, the variables, and the findings about them and the modules that they load."""
    try:
        given = variables_of(environ, dotenv)
    except SettingsInvalid as invalid:
        return None, {}, [Finding("settings", "failure", problem) for problem in invalid.problems]
    settings, problems = read(given)
    settings.mask(logs.mask)
    if problems:
        found = [Finding("settings", "failure", problem) for problem in problems]
    else:
        found = [Finding("settings", "warning", one) for one in unknown_names(given, NAMES) + doubts(settings)]
        found.append(Finding("settings", "ok", f"mode {settings.openai_api_mode}, account {settings.account}"))
    if settings.tools:
        unusable = tools_problem(settings)
        found.append(Finding("tools", "failure" if unusable else "ok", unusable or f"functions of {settings.tools}"))
    if not problems:
        return settings, given, found
    if (missing := speech_problem(settings)) is not None:
        found.append(Finding("speech", "failure", missing))
    return None, given, found


async def _beside_the_log(
    bus: Bus, now: datetime | None, given: Mapping[str, str], settings: Settings
) -> AsyncIterator[Finding]:
    async for finding in account_findings(bus, now):
        yield finding
    if (users := await user_finding(bus, settings)) is not None:
        yield users
    overlay = Overlay(given, settings, settings.secrets.value)
    async for finding in profile_findings(bus, overlay):
        yield finding
    async for finding in collection_findings(bus, settings, overlay):
        yield finding


def _data(settings: Settings) -> Finding:
    data = settings.data.absolute()
    if not data.exists():
        return Finding("data", "warning", f"{data} is not there yet", "recado up makes it; otherwise set RECADO_DATA")
    try:
        with tempfile.TemporaryFile(dir=data):
            free = shutil.disk_usage(data).free
    except OSError as error:
        return Finding("data", "failure", f"{data}: {error.strerror}", "let recado write to it, or set RECADO_DATA")
    says = f"{data} can be written to, {in_units(free)} free"
    if free < LITTLE_SPACE:
        return Finding("data", "warning", says, "make room on its disk")
    return Finding("data", "ok", says)


def _projection(data: Path, last: int | None) -> Finding:
    try:
        path = files.live(data)
    except OSError as error:
        return Finding("projection", "failure", f"{data}: {error.strerror}", "let recado read it, or set RECADO_DATA")
    if path is None:
        return Finding("projection", "warning", "none was built yet", "start recado, or run recado replay")
    try:
        meta = _meta(path)
    except Damaged as damaged:
        return Finding("projection", "warning", str(damaged), "it is rebuilt at the next start, or by recado replay")
    if meta.version != VERSION:
        says = f"{path.name} has version {meta.version}, this recado wants {VERSION}"
        return Finding("projection", "warning", says, "it is rebuilt at the next start, or by recado replay")
    lag = max(last - meta.checkpoint, 0) if last is not None else None
    behind = "" if lag is None else f", {lag:,} behind the log"
    says = f"{path.name} at sequence {meta.checkpoint:,}{behind}"
    if lag and lag > 1000:
        return Finding("projection", "warning", says, "if no instance runs, start one; if one does, look at its log")
    return Finding("projection", "ok", says)


def _meta(path: Path) -> Meta:
    try:
        db = open_to_read(path)
    except sqlite3.Error as error:
        raise Damaged(path, str(error)) from error
    try:
        return meta_of(db, path)
    finally:
        db.close()
