"""API status, a section of Setup: the Graph version served, dropped fields, usage of rate limits.

It shows stored observations from the answers to other calls, and makes no call itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from fb.installation import Installation
from pages.text.formats import moment
from pages.text.wording import as_code
from storage.jobs.observations import DROPPED_FIELD, GRAPH_VERSION, USAGE, list_observations

MAX_USAGE_ROWS = 10


def render(installation: Installation) -> None:
    """Draw the section."""
    with installation.database.reading() as session:
        observations = [(row.key, row.value, row.observed_at) for row in list_observations(session)]
    versions = [(value, at) for key, value, at in observations if key == GRAPH_VERSION]
    usage = [(value, at) for key, value, at in observations if key.startswith(USAGE)]
    st.header("Facebook's Graph API", anchor=False)
    requested = installation.settings.graph_version
    if versions:
        value, seen_at = versions[0]
        _render_version(requested, str(value.get("served", "")), seen_at)
    else:
        st.markdown(f"Version asked for: {as_code(requested)}. Facebook has not answered yet.")
    for key, value, refused_at in observations:
        if key.startswith(DROPPED_FIELD):
            _render_dropped_field(str(value.get("field", "")), refused_at)
    if usage:
        _render_usage(usage)
    elif versions:
        st.caption("Facebook has reported no use of its limits, which means next to none.")


def _render_version(requested: str, served: str, seen_at: datetime) -> None:
    st.markdown(
        f"Version asked for: {as_code(requested)} · served: {as_code(served)} ({moment(seen_at)})"
    )
    if served != requested:
        st.warning(
            f"{as_code(requested)} was asked for and {as_code(served)} answered: the one asked for "
            "has most likely ended. Set `FACEBOOK_GRAPH_VERSION` to the one served.",
            title="Facebook serves another version",
            icon=":material/sync_problem:",
        )


def _render_dropped_field(name: str, refused_at: datetime) -> None:
    st.warning(
        f"Facebook refused it on {moment(refused_at)}; it was left out, and everything else goes "
        "on.",
        title=f"Facebook no longer knows the field {as_code(name)}",
        icon=":material/data_alert:",
    )


def _render_usage(usage: list[tuple[dict[str, Any], datetime]]) -> None:
    highest = sorted(usage, key=lambda row: -highest_percent(row[0]))[:MAX_USAGE_ROWS]
    st.caption("How much of Facebook's limits is used, in percent. At 100 it refuses for a while.")
    st.dataframe(
        pd.DataFrame(
            {
                "limit": [_limit(value) for value, _ in highest],
                **{
                    name: pd.array([value.get(f"{name}_percent") for value, _ in highest], "Int64")
                    for name in ("call_count", "cpu", "time")
                },
                "seen": pd.to_datetime([at.replace(tzinfo=None) for _, at in highest]),
            }
        ),
        column_config={
            "limit": st.column_config.TextColumn("Limit of", width=220),
            "call_count": _percent_column("Calls"),
            "cpu": _percent_column("Processor"),
            "time": _percent_column("Time"),
            "seen": st.column_config.DatetimeColumn("Seen (UTC)", width=130, format="D MMM, HH:mm"),
        },
        hide_index=True,
        width="content",
        placeholder="–",
        alt="How much of Facebook's limits is used, highest first",
    )


def highest_percent(usage: Mapping[str, Any]) -> int:
    """The highest of the three percentages; 0 where Facebook gave none."""
    return max(int(usage.get(f"{name}_percent") or 0) for name in ("call_count", "cpu", "time"))


def _limit(usage: Mapping[str, Any]) -> str:
    kind, scope = str(usage.get("kind", "")), str(usage.get("scope", ""))
    return "This app" if kind == "app" else f"{kind.capitalize()} {scope}".strip()


def _percent_column(label: str) -> Any:
    return st.column_config.ProgressColumn(
        label, width=110, min_value=0, max_value=100, format="%d%%"
    )
