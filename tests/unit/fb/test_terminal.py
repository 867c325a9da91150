"""Who runs a command, as it is recorded."""

from __future__ import annotations

import os
import pwd

import pytest

from fb.commands.terminal import me

NAMES = ("LOGNAME", "USER", "LNAME", "USERNAME")


@pytest.mark.parametrize(
    ("name", "recorded"),
    [("ann", "ann"), ("ann\nben", "ann ben"), (None, str(os.getuid()))],
)
def test_a_command_is_recorded_with_the_account_on_the_machine_or_its_number(
    monkeypatch: pytest.MonkeyPatch, name: str | None, recorded: str
) -> None:
    def find_nobody(id: int) -> object:
        raise KeyError(id)

    for each in NAMES:
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", find_nobody)
    if name is not None:
        monkeypatch.setenv("LOGNAME", name)
    assert me().key == f"command line ({recorded})"
