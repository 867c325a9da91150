"""Graph client: sends every call to Facebook's Graph API, retries it, and raises its errors.

https://developers.facebook.com/docs/graph-api/overview
"""

from __future__ import annotations

import hmac
import json
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal
from urllib.parse import quote

from fb.graph.batch import (
    BatchItem,
    encode_items,
    iterate_chunks,
    read_batch_answer,
    runs_into_app_limit,
)
from fb.graph.call_counts import CallCounts
from fb.graph.errors import (
    AccessEnded,
    FacebookError,
    Refused,
    TemporarilyDown,
    UnreadableAnswer,
    find_envelope,
    translate,
)
from fb.graph.http import Answer, exchange, open_session
from fb.graph.json_values import read_json
from fb.graph.rate_limits import Observed
from fb.graph.retry import Retries

# The timeout of a retry is at least this long, however little patience is left.
_MIN_TIMEOUT_SECONDS = 1.0


class GraphClient:
    """Calls Graph, retries transient errors, and raises a ``FacebookError`` for all others.

    Not thread-safe. Tokens are sent in the Authorization header, secrets in POST bodies, and
    ``appsecret_proof`` with every token. URLs are neither logged nor stored.
    """

    def __init__(
        self,
        *,
        graph_url: str,
        version: str,
        app_id: str,
        app_secret: str,
        patience_seconds: float = 20.0,
        connect_timeout_seconds: float = 5.0,
        read_timeout_seconds: float = 30.0,
        total_timeout_seconds: float = 120.0,
        sleep: Callable[[float], None] = time.sleep,
        waiting: Callable[[], AbstractContextManager[None]] = nullcontext,
        monotonic: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = random.random,
        calls: CallCounts | None = None,
    ) -> None:
        """Prepare a client; nothing is sent.

        Args:
            graph_url: without the version and without a slash at the end.
            patience_seconds: how long a call is retried, counted from its first failure.
            read_timeout_seconds: between two pieces of an answer.
            total_timeout_seconds: for a whole answer.
            waiting: entered for the time in which a request waits for its answer.
            calls: counts the calls of several clients together.
        """
        self.observed = Observed()
        self._calls = calls or CallCounts()
        self._base = f"{graph_url}/{version}"
        self._app_id = app_id
        self._app_secret = app_secret
        self._patience_seconds = patience_seconds
        self._connect_timeout_seconds = connect_timeout_seconds
        self._read_timeout_seconds = read_timeout_seconds
        self._total_timeout_seconds = total_timeout_seconds
        self._sleep = sleep
        self._waiting = waiting
        self._monotonic = monotonic
        self._random = random
        self._session = open_session(graph_url)

    @property
    def app_access_token(self) -> str:
        """The app access token, made of id and secret, for ``debug_token`` and batches.

        https://developers.facebook.com/docs/facebook-login/guides/access-tokens#apptokens
        """
        return f"{self._app_id}|{self._app_secret}"

    @property
    def credentials(self) -> dict[str, str]:
        """The app's id and secret as parameters of ``oauth/access_token``: for POST bodies only."""
        return {"client_id": self._app_id, "client_secret": self._app_secret}

    def get(self, path: str, params: Mapping[str, str], token: str) -> dict[str, Any]:
        """Read ``path`` ("me/accounts") and return Graph's JSON object.

        Raises any ``FacebookError``; ``UnreadableAnswer`` also when the JSON is not an object.
        """
        return _expect_object(self._call("GET", path, params, token, retry=True))

    def post(
        self, path: str, form: Mapping[str, str], token: str | None, *, retry: bool
    ) -> dict[str, Any]:
        """Send ``form`` as a POST body and return Graph's JSON object.

        ``retry`` only where a second call does no harm. A code exchange is never retried: the code
        is single use, and a first call whose answer was lost may have used it.
        """
        return _expect_object(self._call("POST", path, form, token, retry=retry))

    def delete(self, path: str, token: str) -> bool:
        """Delete ``path``; return whether Facebook confirms it (``true`` or ``{"success": …}``)."""
        answer = self._call("DELETE", path, {}, token, retry=True)
        if isinstance(answer, dict):
            answer = answer.get("success")
        return answer is True or answer == "true"

    def batch(self, items: Sequence[BatchItem]) -> list[dict[str, Any] | FacebookError]:
        """Read many items with one call per 50; return one result per item, in order.

        Items without an answer and items with a transient error are retried within the patience,
        without the rest of their chunk. Never raises a ``FacebookError``: when a whole call fails,
        its error is the result of each of its items. After a rate limit of the app, the items of
        later chunks get that error without being sent, since further calls prolong the limit.
        """
        results: list[dict[str, Any] | FacebookError] = []
        for chunk in iterate_chunks(items):
            limit = runs_into_app_limit(results)
            results.extend([limit] * len(chunk) if limit else self._run_chunk(chunk))
        return results

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _run_chunk(self, chunk: Sequence[BatchItem]) -> list[dict[str, Any] | FacebookError]:
        results: list[dict[str, Any] | FacebookError] = [TemporarilyDown()] * len(chunk)
        retries = self._new_retries()
        pending = list(range(len(chunk)))
        while pending:
            answers = self._send_batch([chunk[index] for index in pending], retries)
            self._calls.add(*answers)
            for index, answer in zip(pending, answers, strict=True):
                results[index] = answer
            if runs_into_app_limit(answers):
                break
            pending = [
                index
                for index, answer in zip(pending, answers, strict=True)
                if isinstance(answer, FacebookError) and answer.is_transient
            ]
            if pending and not retries.wait():
                break
        return results

    def _send_batch(
        self, items: Sequence[BatchItem], retries: Retries
    ) -> list[dict[str, Any] | FacebookError]:
        form = {"batch": json.dumps(encode_items(items, self._proof))}
        try:
            # Multipart as in Meta's examples: percent-encoding would take longer than all the rest.
            answer = self._send("POST", "", form, self.app_access_token, retries, is_multipart=True)
            return read_batch_answer(answer, len(items), self.observed.note)
        except AccessEnded as error:
            # Facebook refused the app access token; the accounts' tokens may still be valid.
            return [Refused(code=error.code, subcode=error.subcode)] * len(items)
        except FacebookError as error:
            return [error] * len(items)

    def _call(
        self,
        method: Literal["GET", "POST", "DELETE"],
        path: str,
        parameters: Mapping[str, str],
        token: str | None,
        *,
        retry: bool,
    ) -> Any:
        retries = self._new_retries()
        while True:
            try:
                answer = self._send(method, path, parameters, token, retries)
            except FacebookError as error:
                self._calls.add(error)
                if not (retry and error.is_transient and retries.wait()):
                    raise
            else:
                self._calls.add(answer)
                return answer

    def _send(
        self,
        method: Literal["GET", "POST", "DELETE"],
        path: str,
        parameters: Mapping[str, str],
        token: str | None,
        retries: Retries,
        *,
        is_multipart: bool = False,
    ) -> Any:
        if token is not None:
            parameters = {**parameters, "appsecret_proof": self._proof(token)}
        is_post = method == "POST"
        remaining = retries.remaining_seconds()
        bound = math.inf if remaining is None else max(_MIN_TIMEOUT_SECONDS, remaining)
        with self._waiting():
            answer = exchange(
                self._session,
                method,
                f"{self._base}/{quote(path)}",
                params=None if is_post else parameters,
                form=parameters if is_post else None,
                is_multipart=is_multipart,
                token=token,
                timeouts=(
                    min(self._connect_timeout_seconds, bound),
                    min(self._read_timeout_seconds, bound),
                ),
                # A little later than the timeout between two bytes: a silent server is unreachable.
                total_seconds=min(self._total_timeout_seconds, bound + 0.5),
            )
        self.observed.note(answer.headers)
        return _read_answer(answer)

    def _proof(self, token: str) -> str:
        return appsecret_proof(self._app_secret, token)

    def _new_retries(self) -> Retries:
        return Retries(
            self._patience_seconds,
            sleep=self._sleep,
            monotonic=self._monotonic,
            random=self._random,
        )


def appsecret_proof(app_secret: str, token: str) -> str:
    """Return the proof that whoever sends ``token`` knows the app secret; in hex.

    https://developers.facebook.com/docs/graph-api/guides/secure-requests#appsecret_proof
    """
    return hmac.digest(app_secret.encode(), token.encode(), "sha256").hex()


def _read_answer(answer: Answer) -> Any:
    try:
        body = read_json(answer.content)
    except ValueError:
        body = None
    # A 200 with an error in its body is an error. So is JSON's null.
    if answer.status >= 400 or body is None or find_envelope(body) is not None:
        raise translate(answer.status, body, answer.headers)
    return body


def _expect_object(answer: Any) -> dict[str, Any]:
    if isinstance(answer, dict):
        return answer
    raise UnreadableAnswer(status=200)
