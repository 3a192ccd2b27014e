"""The settings of a profile: the instance's own variables, with the profile's values laid over them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from events.phrases import Phrase, Together
from events.profile import Profile
from recado.profiles.hosted import hosted_tools_problem
from recado.profiles.keys import FIRST, KEY_NAMES, ROLES, Allowed, Role, server_of
from recado.settings.environment import SettingsInvalid
from recado.settings.profiles import KEY_NAME
from recado.settings.provider import OPENAI
from recado.settings.secrets import SecretUnusable
from recado.settings.settings import VARIABLES, Settings, read, settings_of
from recado.settings.tool_names import EVERY
from recado.settings.variables import clause_of, without_userinfo

SETTABLE = {field: variable for field, variable in VARIABLES.items() if variable.profile}
"""The settings that a profile may set, by field."""

FIELDS = frozenset(SETTABLE) | frozenset(KEY_NAMES)
"""Every field of a profile's `settings` that this release applies."""

_SERVER = VARIABLES[FIRST.url].name

SecretOf = Callable[[str], str | None]
"""Gives the value of the secret variable of a name; None if it is unset."""

_FIELD_OF = {variable.name: field for field, variable in SETTABLE.items()} | {
    VARIABLES[role.key].name: field for field, role in KEY_NAMES.items()
}
_VARIABLE = re.compile(r"\b(" + "|".join(sorted(_FIELD_OF, key=len, reverse=True)) + r")\b")
_FIELD = re.compile(r"\b(" + "|".join(sorted(FIELDS, key=len, reverse=True)) + r")\b")


class Fault(NamedTuple):
    """A problem of a profile: a sentence, and the field that it is about (empty: none in particular). With `lacks`, a
    variable is unset here, and may be set elsewhere."""

    field: str
    problem: Phrase
    lacks: bool = False


class ProfileUnusable(SettingsInvalid):
    """A profile by which this instance cannot answer.

    - `faults`: every problem.
    - `lacks`: the secret variables that are unset here; they are among the faults.
    """

    def __init__(self, profile: Profile, faults: list[Fault], lacks: tuple[str, ...]) -> None:
        super().__init__([fault.problem for fault in faults])
        self.ref = profile.ref
        self.faults = tuple(faults)
        self.lacks = lacks


def unapplied(profile: Profile) -> list[str]:
    """The fields of the profile that this release does not apply."""
    return sorted([*(field for field in profile.settings if field not in FIELDS), *profile.more])


class Overlay:
    """Lays profiles over the same variables.

    - `given`: the instance's variables; `own`: its settings.
    - `secret_of`: asked for the keys that a profile names, and for no other name than `given` allows.
    """

    def __init__(self, given: Mapping[str, str], own: Settings, secret_of: SecretOf) -> None:
        self._given = given
        self._secrets = own.secrets
        self._secret_of = secret_of
        self._allowed = Allowed(own)
        self._has_own_server = own.openai_base_url is not None

    def settings(self, profile: Profile) -> Settings:
        """The settings by which the chats of the profile are answered; those of the instance for a profile without any.
        Fields that this release does not apply are passed over. Raises ProfileUnusable with every problem."""
        try:
            laid = self._own_variables()
        except SecretUnusable as error:
            raise ProfileUnusable(profile, [Fault("", Together([str(error)]))], ()) from error
        faults = list(self._lay(profile, laid))
        asked, _ = read(laid)
        faults += self._not_allowed(profile, asked)
        lacks = [name for role in ROLES if (name := self._lay_key(profile, role, asked, laid, faults))]
        if "hosted_tools" not in profile.settings and self._is_foreign(profile, asked):
            laid[VARIABLES["hosted_tools"].name] = ""  # they may hold keys, which were meant for the instance's server
        settings, problems = _whole(laid)
        faults += map(_fault, problems)
        if faults:
            raise ProfileUnusable(profile, faults, tuple(dict.fromkeys(lacks)))
        return settings

    def key_names(self, profile: Profile, settings: Settings) -> dict[str, str]:
        """By the variable of a key, the variable from which the profile's `settings` have it. A server that is not the
        instance's own gets no key that the profile does not name, neither now nor later."""
        names = {}
        for role in ROLES:
            named, variable = profile.settings.get(role.key_name, ""), VARIABLES[role.key].name
            if named or self._allowed.is_own(role, server_of(settings, role)):
                names[variable] = named or variable
        return names

    def _own_variables(self) -> dict[str, str]:
        """The instance's variables, those in files included. The folder itself is left out: it would give the
        instance's own key where the profile leaves one out."""
        laid = {name: text for name, text in self._given.items() if name != VARIABLES["secrets_folder"].name}
        for variable in VARIABLES.values():
            if variable.may_be_file and (text := self._secrets.text(variable.name)) is not None:
                laid[variable.name] = text
        return laid

    def _lay(self, profile: Profile, laid: dict[str, str]) -> Iterator[Fault]:
        """Lay each value over the variables; those that are wrong alone are left out."""
        for field, value in profile.settings.items():
            if field in SETTABLE:
                try:
                    laid[SETTABLE[field].name] = _text(field, value)
                except ValueError as error:
                    yield Fault(field, Together([clause_of(error)]))
        if self._has_own_server and not laid.get(_SERVER, "").strip():
            laid[_SERVER] = OPENAI  # unset would be the small local model where there is no key

    def _not_allowed(self, profile: Profile, asked: Settings) -> Iterator[Fault]:
        for role in ROLES:
            server = getattr(asked, role.url)
            if role.url in profile.settings and server and server not in self._allowed.servers:
                allowed = ", ".join(map(without_userinfo, self._allowed.servers))
                yield Fault(
                    role.url,
                    Phrase(
                        "%(name)s is %(value)s, which is no server that a profile may name (those are %(allowed)s): "
                        "write one of these, or add it to RECADO_PROFILE_SERVERS of every instance",
                        name=role.url,
                        value=repr(without_userinfo(server[:100])),
                        allowed=allowed,
                    ),
                )
        if "tools" in profile.settings and asked.tools and asked.tools not in self._allowed.modules:
            yield Fault(
                "tools",
                Phrase(
                    "%(name)s is %(value)s, which is no module that a profile may name: add it to RECADO_PROFILE_TOOLS "
                    "of every instance",
                    name="tools",
                    value=repr(asked.tools[:100]),
                ),
            )
        known = self._allowed.service_tools
        others = [name for name in asked.service_tools if name not in known]
        if "service_tools" in profile.settings and EVERY not in known and others:
            yield Fault(
                "service_tools",
                Phrase(
                    "%(name)s has %(value)s, which no profile may name: add it to RECADO_SERVICE_TOOLS of every "
                    "instance",
                    name="service_tools",
                    value=others[0],
                ),
            )
        if "hosted_tools" in profile.settings and asked.hosted_tools:
            problem = hosted_tools_problem(list(asked.hosted_tools), self._allowed.remote)
            if problem is not None:
                yield Fault("hosted_tools", Phrase("%(kind)s is a list %(error)s", kind="hosted_tools", error=problem))

    def _lay_key(
        self, profile: Profile, role: Role, asked: Settings, laid: dict[str, str], faults: list[Fault]
    ) -> str | None:
        """Lay the key over the role's variable that may go to the role's server. Returns its name if it is unset."""
        name, server = profile.settings.get(role.key_name, ""), server_of(asked, role)
        variable = VARIABLES[role.key]
        if name == "":
            if not self._allowed.is_own(role, server):
                laid[variable.name] = ""
            return None
        laid[variable.name] = ""
        if not isinstance(name, str) or not KEY_NAME.fullmatch(name):
            problem = Phrase(
                "%(field)s is no name of a variable: write one like SHOP_KEY, and put the key itself into that "
                "variable",
                field=role.key_name,
            )
            faults.append(Fault(role.key_name, problem))
            return None
        if not self._allowed.may_go(name, server):
            problem = Phrase(
                "%(field)s names %(name)s, which may not be sent to %(server)s: write %(name)s after that address in "
                "RECADO_PROFILE_SERVERS of every instance",
                field=role.key_name,
                name=name,
                server=without_userinfo(server[:100]),
            )
            faults.append(Fault(role.key_name, problem))
            return None
        try:
            key = (self._secret_of(name) or "").strip()
        except ValueError as error:  # a file of secrets that cannot be used; the sentence quotes nothing of it
            laid[variable.name] = "unset"
            problem = Phrase("%(field)s names %(name)s: %(error)s", field=role.key_name, name=name, error=error)
            faults.append(Fault(role.key_name, problem, lacks=True))
            return name
        laid[variable.name] = key or "unset"
        if not key:
            problem = Phrase(
                "%(field)s names %(name)s, which is unset here: set it for every instance",
                field=role.key_name,
                name=name,
            )
            faults.append(Fault(role.key_name, problem, lacks=True))
            return name
        try:
            variable.value(key)
        except ValueError:
            problem = Phrase(
                "%(field)s names %(name)s, which holds a space, a line end or a character outside ASCII: copy the key "
                "again",
                field=role.key_name,
                name=name,
            )
            faults.append(Fault(role.key_name, problem))
            laid[variable.name] = "unset"
        return None

    def _is_foreign(self, profile: Profile, asked: Settings) -> bool:
        """True if the profile asks another server, or with another key, than the instance."""
        name = profile.settings.get(FIRST.key_name, "")
        return name not in ("", VARIABLES[FIRST.key].name) or not self._allowed.is_own(FIRST, server_of(asked, FIRST))


def _text(field: str, value: Any) -> str:
    """The value as `.env` has it. Raises ValueError with a sentence that names the field."""
    variable = msgspec.structs.replace(SETTABLE[field], name=field)
    try:
        text = variable.reader.text_of(value)
    except ValueError as error:
        raise ValueError(
            Phrase(
                "%(name)s is a %(type)s, %(error)s: it takes %(takes)s",
                name=field,
                type=type(value).__name__,
                error=clause_of(error),
                takes=variable.reader.takes,
            )
        ) from error
    if text.strip():
        variable.value(text)
    return text


def _whole(laid: Mapping[str, str]) -> tuple[Settings, list[str]]:
    try:
        return settings_of(laid), []
    except SettingsInvalid as wrong:
        return Settings(), wrong.problems


def _fault(problem: str) -> Fault:
    """A sentence about variables as one about the fields that stand for them."""
    told = _VARIABLE.sub(lambda found: _FIELD_OF[found[1]], problem)
    about = _FIELD.search(told)
    return Fault(about[1] if about else "", Together([told]))
