"""The ledger's check: a sentence for each verdict, and whether it is a good one."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from typing import Any, get_args

import pytest

from fb.commands.ledger_command import FLAWS, judge, verify_command
from storage.ledger.verification import Flaw, Verdict

FITS = Verdict(
    count=1_240,
    digest="ab" * 32,
    flaw=None,
    unsealed_count=0,
    locked_until=0,
    head_at=None,
    exchanged_count=0,
)


@pytest.mark.parametrize(
    ("facts", "head", "fits", "said"),
    [
        ({}, None, True, "The ledger fits: 1,240 entries, none changed or missing."),
        ({"count": 0, "digest": ""}, None, True, "The ledger fits: 0 entries"),
        ({"head_at": 1_239}, "x", True, "the digest of entry 1,239; 1 entry came since."),
        ({}, "x", False, "entries at the end were cut off"),
        ({"flaw": "missing", "count": 0}, None, False, "Entry 1 is missing. It is the first one."),
        ({"flaw": "altered"}, "x", False, "Entry 1,241 is not as Pagekeeper wrote it. 1,240 entr"),
        ({"unsealed_count": 1_240}, None, False, "1,240 entries without any check value."),
        ({"exchanged_count": 1}, None, False, "1 pseudonym"),
        ({"locked_until": 7}, None, False, "have not been changed since entry 8 was written."),
        ({"locked_until": 7, "head_at": 6}, "x", False, "Entries up to 7 can't be checked"),
        ({"locked_until": 7, "head_at": 7}, "x", True, "The ledger fits"),
    ],
)
def test_each_verdict_has_its_sentence(
    facts: dict[str, Any], head: str | None, fits: bool, said: str
) -> None:
    lines, is_good = judge(replace(FITS, **facts), head)
    assert is_good is fits
    assert said in "\n".join(lines)
    assert ("The ledger fits" in "\n".join(lines)) is fits


def test_every_flaw_is_named() -> None:
    assert set(FLAWS) == set(get_args(Flaw))


def test_what_is_no_digest_is_not_looked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify_command(Namespace(head="57 Pages")) == 2
    assert "64 characters" in capsys.readouterr().out
