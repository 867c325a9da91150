"""Post metrics: finds the metric that made Facebook refuse a listing, and updates the ledger.

One unknown metric refuses the posts, too, and is not named. So the posts are listed without
figures, and each metric is asked alone of one of them. A metric is retired when a Page that answers
others refuses it as unknown, and no Page answers it; where another Page answers it, or where it is
refused for another reason, it is left out for the refusing Page, and tried again once a week.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from fb.graph.errors import FacebookError, PermissionMissing
from fb.graph.insights import INVALID
from fb.graph.post_fields import FIGURE_METRICS
from fb.graph.posts import Answer, figures_item
from fb.jobs.post_page import PostPage
from fb.jobs.post_run import PostsRun
from fb.jobs.post_steps import Steps
from storage.insights.metric_ledger import list_ledger, note_probes, retire_metrics, revive_metrics

log = logging.getLogger(__name__)

# The Pages that are asked for each metric alone at the same time; others wait for what they find.
MAX_WITNESSES = 3
# The refusals of one Page after which each metric is asked alone.
MAX_SPLITS = 3


def live_names(run_names: Collection[str]) -> list[str]:
    """Return those of some live metrics that are read, in the order in which they are asked."""
    return [name for name in FIGURE_METRICS if name in run_names]


def is_unknown_metric(answer: Answer) -> bool:
    """Whether Facebook refused a request for a name that is no metric (any more)."""
    return isinstance(answer, FacebookError) and answer.code == INVALID and answer.subcode is None


def settle(run: PostsRun, page: PostPage, post_id: str, names: Sequence[str]) -> Steps[bool]:
    """Find which of ``names`` Facebook refuses; False when the Page can't be asked for fewer.

    ``post_id``: a post of the Page, of which each is asked alone.
    """
    while len(run.witnesses) >= MAX_WITNESSES and page.names(run.names) == list(names):
        yield []  # others find it out
    if page.names(run.names) != list(names):
        return True
    page.splits += 1
    if page.splits > MAX_SPLITS or page.calls_left < len(names):
        return False
    run.witnesses.add(page.page_id)
    try:
        token = page.open_token(run.vault)
        answers = yield [figures_item(post_id, token, [name]) for name in names]
        yield from _judge(run, page, post_id, dict(zip(names, answers, strict=True)))
    finally:
        run.witnesses.discard(page.page_id)
    return page.names(run.names) != list(names)


def _judge(run: PostsRun, page: PostPage, post_id: str, answers: dict[str, Answer]) -> Steps[None]:
    """Retire metrics, or leave them out for a Page, by its answers for each metric alone."""
    answered = [name for name, answer in answers.items() if not isinstance(answer, FacebookError)]
    if not answered:
        return  # it refuses all of them: nothing follows for any
    run.examples.update(dict.fromkeys(answered, (page, post_id)))
    refused = {name for name, each in answers.items() if isinstance(each, PermissionMissing)}
    unknown = {name for name, each in answers.items() if is_unknown_metric(each)}
    yield []  # the answers to the other witnesses, which came with these, count as well
    elsewhere = yield from _find_answered(run, page, unknown)
    left_out = {*page.state.left_out, *refused, *elsewhere}
    page.change(left_out=tuple(sorted(left_out)))
    retire(run, unknown - elsewhere)


def _find_answered(run: PostsRun, page: PostPage, names: Collection[str]) -> Steps[set[str]]:
    """Return which of these metrics other Pages, which answered them in this run, still answer."""
    examples = {
        name: run.examples[name]
        for name in sorted(names)
        if name in run.examples and run.examples[name][0] is not page
    }
    items = [
        figures_item(post_id, other.open_token(run.vault), [name])
        for name, (other, post_id) in examples.items()
        if other.sources
    ]
    answers = yield items
    return {
        name
        for name, answer in zip(examples, answers, strict=True)
        if not isinstance(answer, FacebookError)
    }


def retire(run: PostsRun, names: Collection[str]) -> None:
    """Mark metrics as retired today, and ask for them no more."""
    if not names:
        return
    now = run.installation.now()
    with run.installation.database.writing() as session:
        retire_metrics(session, names, day=now.date(), now=now)
    run.names = [name for name in run.names if name not in names]
    log.warning(
        "Facebook refuses %d metrics of posts now: %s", len(names), ", ".join(sorted(names))
    )


def try_again(run: PostsRun, page: PostPage, post_id: str) -> Steps[None]:
    """Ask for what is left out for a Page, and once a run for what is not live; once a week."""
    token = page.open_token(run.vault)
    own = [name for name in page.state.left_out if name in run.names]
    others: list[str] = []
    if not run.was_probed:
        run.was_probed = True
        with run.installation.database.reading() as session:
            others = [row.name for row in list_ledger(session, "post") if row.status != "live"]
    names = [*own, *others][: page.calls_left]
    if not names:
        return
    answers = yield [figures_item(post_id, token, [name]) for name in names]
    answered = {
        name
        for name, answer in zip(names, answers, strict=True)
        if not isinstance(answer, FacebookError)
    }
    left_out = [name for name in page.state.left_out if name not in answered]
    page.change(left_out=tuple(left_out))
    refused = {
        name
        for name, answer in zip(names, answers, strict=True)
        if name in others and is_unknown_metric(answer)
    }
    now = run.installation.now()
    with run.installation.database.writing() as session:
        revive_metrics(session, answered.intersection(others), now=now)
        note_probes(session, refused, now=now)
        run.names = live_names(
            [row.name for row in list_ledger(session, "post") if row.status == "live"]
        )
