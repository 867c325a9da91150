"""Finds the value of each setting, has it judged, and keeps the row and the problem of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal, TypeVar

from fb.settings.env_file import EnvFile
from fb.settings.model import SETTING_NAMES, Problem, SettingRow
from fb.settings.rules import Wrong

T = TypeVar("T")

SECRET_NAMES = ("FACEBOOK_APP_SECRET", "STATE_TOKEN_SECRET", "TOKEN_ENCRYPTION_KEYS")
# A line in .env must not be able to send access to another host.
ENVIRONMENT_ONLY = ("FACEBOOK_GRAPH_URL", "FACEBOOK_DIALOG_URL")


class Values:
    """The settings under judgement. A setting keeps the first problem that was found with it."""

    def __init__(self, environ: Mapping[str, str], env_file: EnvFile) -> None:
        self._environ = environ
        self._from_file = env_file.values
        self._problems: dict[str, Problem] = {}
        self._rows: dict[str, SettingRow] = {}
        if env_file.sentence:
            self.add_problem(".env", env_file.sentence)

    def find(self, name: str) -> str | None:
        """The value, or None. The environment wins, also when empty: that takes a setting away."""
        if name in self._environ:
            return self._environ[name].strip() or None
        return None if name in ENVIRONMENT_ONLY else self._from_file.get(name)

    def is_in_file(self, name: str) -> bool:
        """Whether ``.env`` gives it a value, whatever the environment says."""
        return name in self._from_file

    def required(
        self, name: str, check: Callable[[str], T], missing: str, sentence: str
    ) -> T | None:
        """The checked value; None when it is missing or wrong, which is then a problem."""
        value = self.find(name)
        if value is None:
            self.add_row(name, "missing", "—", missing)
            self.add_problem(name, missing)
            return None
        show = _hide if name in SECRET_NAMES else str
        return self._judge(name, value, check, show, sentence)

    def optional(
        self,
        name: str,
        check: Callable[[str], T],
        default: T,
        show: Callable[[T], str],
        sentence: str,
    ) -> T:
        """The checked value; the default when it is not set, and also when it is wrong."""
        value = self.find(name)
        if value is None:
            self.add_row(name, "default", show(default), sentence)
            return default
        checked = self._judge(name, value, check, show, sentence)
        return default if checked is None else checked

    def add_row(
        self,
        name: str,
        state: Literal["set", "default", "missing", "wrong"],
        shown: str,
        sentence: str,
    ) -> None:
        """Says how a setting stands."""
        self._rows[name] = SettingRow(name, state, shown, sentence)

    def add_problem(self, name: str, sentence: str) -> None:
        """Records what is wrong; the row, if there is one, says it too."""
        if name in self._problems:
            return
        self._problems[name] = Problem(name, sentence)
        if name in self._rows and self._rows[name].state != "missing":
            self._rows[name] = replace(self._rows[name], state="wrong", sentence=sentence)

    def has_problem(self, *names: str) -> bool:
        """Whether one of these has a problem; without names, whether anything has."""
        return any(name in self._problems for name in names) if names else bool(self._problems)

    def list_problems(self) -> tuple[Problem, ...]:
        """Every problem: files first, then settings in the order of the documentation."""
        order = {name: place for place, name in enumerate(SETTING_NAMES)}
        return tuple(sorted(self._problems.values(), key=lambda p: order.get(p.name, -1)))

    def list_rows(self) -> tuple[SettingRow, ...]:
        """One row for every setting, in the order of the documentation."""
        return tuple(self._rows[name] for name in SETTING_NAMES)

    def _judge(
        self,
        name: str,
        value: str,
        check: Callable[[str], T],
        show: Callable[[T], str],
        sentence: str,
    ) -> T | None:
        try:
            checked = check(value)
        except Wrong as wrong:
            # Not even a wrong value is repeated: it may be a secret in the wrong place.
            self.add_row(name, "wrong", "not valid", str(wrong))
            self.add_problem(name, str(wrong))
            return None
        self.add_row(name, "set", show(checked), sentence)
        return checked


def _hide(value: object) -> str:
    return "set, not shown"
