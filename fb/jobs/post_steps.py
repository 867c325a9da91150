"""Post steps: reads several Pages at once, so that their items share the calls.

A step yields what is to be asked about its Page, and is sent the answers. So what follows from a
refusal stands where the question stands.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from itertools import islice
from typing import TypeVar

from fb.graph.batch import BatchItem
from fb.graph.errors import AccessEnded, RateLimited
from fb.graph.posts import Answer, fetch_answers
from fb.jobs.post_page import PostPage
from fb.jobs.post_run import PostsRun

# Less than a call takes.
OTHERS_SECONDS = 0.02

T = TypeVar("T")
Steps = Generator[Sequence[BatchItem], Sequence[Answer], T]


def ask(item: BatchItem) -> Steps[Answer]:
    """Ask for one item, and return its answer."""
    (answer,) = yield [item]
    return answer


def read_together(
    run: PostsRun,
    pages: Sequence[PostPage],
    read: Callable[[PostsRun, PostPage], Steps[None]],
    finished: list[PostPage],
) -> None:
    """Read some Pages with ``read``; add each to ``finished`` when it is through.

    Raises `RunEnded` when the whole app is limited or the dashboard stops: the others are not
    finished then.
    """
    waiting: list[tuple[PostPage, Steps[None], Sequence[BatchItem]]] = []

    def advance(page: PostPage, steps: Steps[None], answers: Sequence[Answer] | None) -> None:
        try:
            items = next(steps) if answers is None else steps.send(answers)
        except StopIteration:
            finished.append(page)
        else:
            waiting.append((page, steps, items))

    for page in pages:
        advance(page, read(run, page), None)
    while waiting:
        run.check_stop()
        asked, waiting = waiting, []
        items = [item for *_, own_items in asked for item in own_items]
        if not items:
            run.sleep(OTHERS_SECONDS)  # they wait for what Pages of another thread find out
        answers = iter(fetch_answers(run.client, items, at_once=run.at_once))
        for page, steps, own_items in asked:
            own = list(islice(answers, len(own_items)))
            page.calls += len(own)
            for answer in own:
                if isinstance(answer, RateLimited):
                    run.note_limit(answer, page.source.grant_id)
                elif isinstance(answer, AccessEnded):
                    run.ended_grants.add(page.source.grant_id)
            advance(page, steps, own)
