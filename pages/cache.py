"""Cache of the screens' queries: answers by the version of the data, shared by all tabs.

The version is part of every key, so no answer is older than the data of its session. Answers are
shared and must not be changed.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from sqlalchemy.orm import Session

from storage.db.installation import get_data_version

P = ParamSpec("P")
R = TypeVar("R")

MAX_ANSWERS = 500
MAX_LARGE_ANSWERS = 4

_answers: OrderedDict[Any, Any] = OrderedDict()
_large_answers: OrderedDict[Any, Any] = OrderedDict()
_lock = threading.Lock()


def remembered(
    load: Callable[Concatenate[Session, P], R],
) -> Callable[Concatenate[Session, P], R]:
    """Cache a query's answers. Its arguments have to be hashable.

    The MAX_ANSWERS answers used last are kept, of all queries together.
    """
    return _cached(load, _answers, MAX_ANSWERS)


def remembered_large(
    load: Callable[Concatenate[Session, P], R],
) -> Callable[Concatenate[Session, P], R]:
    """Cache a query as `remembered`, for answers of megabytes: MAX_LARGE_ANSWERS are kept."""
    return _cached(load, _large_answers, MAX_LARGE_ANSWERS)


def _cached(
    load: Callable[Concatenate[Session, P], R], answers: OrderedDict[Any, Any], most: int
) -> Callable[Concatenate[Session, P], R]:
    @wraps(load)
    def load_cached(session: Session, *args: P.args, **kwargs: P.kwargs) -> R:
        key = _key(load, session, args, kwargs)
        with _lock:
            if key in answers:
                answers.move_to_end(key)
                cached: R = answers[key]
                return cached
        answer = load(session, *args, **kwargs)
        with _lock:
            answers[key] = answer
            if len(answers) > most:
                answers.popitem(last=False)
        return answer

    return cast("Callable[Concatenate[Session, P], R]", load_cached)


def get_version(session: Session) -> str:
    """The version of the session's data: database and change counter, read once per session."""
    if "data_version" not in session.info:
        url = session.get_bind().engine.url.render_as_string()
        session.info["data_version"] = f"{url} {get_data_version(session)}"
    version: str = session.info["data_version"]
    return version


def forget_answers() -> None:
    """Answer every question anew from here on, as after a restart."""
    with _lock:
        _answers.clear()
        _large_answers.clear()


def is_remembered(load: Callable[..., Any], session: Session, *args: Any) -> bool:
    """Whether the answer of a `remembered` query is in the cache."""
    with _lock:
        return _key(load, session, args, {}) in _answers


def _key(load: Callable[..., Any], session: Session, args: Any, kwargs: dict[str, Any]) -> Any:
    name = (load.__module__, load.__qualname__)
    return name, get_version(session), args, tuple(kwargs.items())
