"""What becomes of Pages whose insights were refused: another account's access, fewer days, or none.

Connections are not judged here: whether an account or a role has ended is the daily sync's to say.
"""

from __future__ import annotations

from collections.abc import Sequence

from fb.graph.errors import AccessEnded, FacebookError, PermissionMissing, RateLimited, TooMuchData
from fb.graph.insights import INVALID, InsightRequest, Values
from fb.insights_sync import split as insights_split
from fb.insights_sync.run import InsightsRun
from fb.insights_sync.target import Target, state_of
from storage.insights import StateRow, upsert_states

Asked = list[tuple[Target, InsightRequest]]


def judge(run: InsightsRun, asked: Asked, answers: Sequence[Values | FacebookError]) -> None:
    """Decide about every Page of a call, and keep the reason of those that are given up."""
    refusals = {
        target.page_id: answer
        for (target, _), answer in zip(asked, answers, strict=True)
        if isinstance(answer, FacebookError)
    }
    answering = [pair for pair in asked if pair[0].page_id not in refusals]
    split = [
        (target, request.names)
        for target, request in asked
        if target.page_id in refusals and not _is_settled(run, target, refusals[target.page_id])
    ]
    if split:
        answered = {name for _, request in answering for name in request.names}
        insights_split.find_refused(run, split, answered, refusals)
    if answering and not run.was_probed:
        run.was_probed = True
        insights_split.probe_others(run, answering[0][0])
    _keep_failures(run, [target for target, _ in asked])


def _is_settled(run: InsightsRun, target: Target, error: FacebookError) -> bool:
    """Draw the consequence of a refusal; False when its names have to be asked one by one."""
    if isinstance(error, RateLimited):
        run.limited = error
        run.left_grants.add(target.source.grant_id)
        target.give_up(error)
    elif isinstance(error, AccessEnded | PermissionMissing):
        target.try_next_source(error)
    elif isinstance(error, TooMuchData):
        target.halve(error)
    elif error.code == INVALID and error.subcode is None:
        return False
    else:
        target.give_up(error)
    return True


def _keep_failures(run: InsightsRun, targets: Sequence[Target]) -> None:
    now = run.installation.now()
    rows = [
        StateRow(
            target.page_id,
            state_of(target.failure),
            target.failure.code,
            target.failure.trace_id,
            now,
            None,
        )
        for target in targets
        if target.failure is not None
    ]
    if rows:
        with run.installation.database.writing() as session:
            upsert_states(session, rows)
