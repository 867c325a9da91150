"""Finds which name a refusal is about, and marks the ledger: one dead metric takes no other along.

Facebook refuses a whole request for one name it does not know (any more), and says not which. So
each name is asked alone. A name is dead when a Page that answers others refuses it, and no Page
answers it at that moment; refused by some and answered by others, it is left out for those that
refuse it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence

from fb.graph.errors import FacebookError
from fb.graph.insights import INVALID
from fb.insights_sync.run import InsightsRun
from fb.insights_sync.target import Target
from storage.metric_ledger import list_ledger, note_probes, retire_metrics, revive_metrics

log = logging.getLogger(__name__)

# How many Pages are asked name by name before it is settled that the trouble is theirs.
WITNESSES = 3
MOST_SPLITS = 3


def find_refused(
    run: InsightsRun,
    refused: Sequence[tuple[Target, Collection[str]]],
    answered: Collection[str],
    refusals: Mapping[str, FacebookError],
) -> None:
    """Judge Pages that refused several names at once with code 100.

    ``refused``: each with the names it was asked for; ``answered``: the names that other Pages
    answered in the same call; ``refusals``: by Page id. Afterwards either names are retired, or
    names are skipped for a Page, or the Page is given up; whatever is left goes on.
    """
    witnesses = refused if answered else refused[:WITNESSES]
    refusing: list[tuple[Target, set[str]]] = []
    for target, names in witnesses:
        given, taken = _ask_alone(run, target, names)
        # A Page that was asked for one name alone may have answered the others before.
        if taken and (given or target.fresh.difference(names)):
            refusing.append((target, taken))
        else:  # it refuses all names, or none of them alone
            target.give_up(refusals[target.page_id])
    dead = {name for _, taken in refusing for name in taken}.difference(answered)
    alive = {*answered, *_answered_elsewhere(run, dead, {target.page_id for target, _ in refused})}
    for target, taken in refusing:
        target.skipped |= taken & alive
    retire(run, dead - alive)
    for target, _ in refused:
        target.tried += 1
        if not dead and (not answered or target.tried >= MOST_SPLITS):
            target.give_up(refusals[target.page_id])


def _answered_elsewhere(
    run: InsightsRun, names: Collection[str], refused: Collection[str]
) -> set[str]:
    """Which of these names, answered before in this run, a Page that did answers even now."""
    doubted = sorted(run.answered.intersection(names))
    if doubted:
        for target in run.targets:
            may_ask = not target.is_over and target.source.grant_id not in run.left_grants
            if may_ask and target.page_id not in refused and target.fresh.issuperset(doubted):
                return _ask_alone(run, target, doubted)[0]
    return set()


def _ask_alone(
    run: InsightsRun, target: Target, names: Collection[str]
) -> tuple[set[str], set[str]]:
    """Return the names that the Page answers, and those that it refuses with code 100."""
    requests = target.alone(names, run.newest, run.installation.vault)
    answers = dict(zip(names, run.ask(requests), strict=True))
    given = {name for name, answer in answers.items() if not isinstance(answer, FacebookError)}
    taken = {
        name
        for name, answer in answers.items()
        if isinstance(answer, FacebookError) and answer.code == INVALID and answer.subcode is None
    }
    return given, taken


def retire(run: InsightsRun, names: Collection[str]) -> None:
    """Mark names as retired on the installation's present day, and ask for them no more."""
    if not names:
        return
    now = run.installation.now()
    with run.installation.database.writing() as session:
        retire_metrics(session, names, day=now.date(), now=now)
    run.names = [name for name in run.names if name not in names]
    log.warning("Facebook refuses %d metrics now: %s", len(names), ", ".join(sorted(names)))


def probe_others(run: InsightsRun, target: Target) -> None:
    """Ask a Page that answers for every name that is not live: one that is answered comes back."""
    with run.installation.database.reading() as session:
        others = [row.name for row in list_ledger(session) if row.status != "live"]
    given, taken = _ask_alone(run, target, others)
    now = run.installation.now()
    with run.installation.database.writing() as session:
        revive_metrics(session, given, now=now)
        note_probes(session, taken, now=now)
        ledger = list_ledger(session)
    run.names = [row.name for row in ledger if row.status == "live"]
    if given:
        log.info("Facebook answers %d more metrics: %s", len(given), ", ".join(sorted(given)))
