"""What Facebook's own answers told about Facebook: version served, fields it dropped, usage."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from fb.installation import Installation
from pages.formats import moment
from pages.wording import as_code
from storage.jobs.observations import DROPPED_FIELD, GRAPH_VERSION, USAGE, list_observations
from storage.models import Observation

MOST_ALLOWANCES = 10


def render_graph(installation: Installation) -> None:
    """Draw the section on the Graph API."""
    with installation.database.reading() as session:
        known = list_observations(session)
        version = next((row for row in known if row.key == GRAPH_VERSION), None)
        dropped = [row for row in known if row.key.startswith(DROPPED_FIELD)]
        usage = [row for row in known if row.key.startswith(USAGE)]
    st.header("Facebook's Graph API", anchor=False)
    _version(installation.settings.graph_version, version)
    for row in dropped:
        name = as_code(str(row.value.get("field", "")))
        st.warning(
            f"Facebook refused it on {moment(row.observed_at)}; it was left out, and everything "
            "else goes on.",
            title=f"Facebook no longer knows the field {name}",
            icon=":material/data_alert:",
        )
    if usage or version is not None:
        _usage(usage)


def _version(asked: str, row: Observation | None) -> None:
    if row is None:
        st.markdown(f"Version asked for: {as_code(asked)}. Facebook has not answered yet.")
        return
    served = str(row.value.get("served", ""))
    seen = moment(row.observed_at)
    st.markdown(f"Version asked for: {as_code(asked)} · served: {as_code(served)} ({seen})")
    if served != asked:
        st.warning(
            f"{as_code(asked)} was asked for and {as_code(served)} answered: the one asked for has "
            "most likely ended. Set `FACEBOOK_GRAPH_VERSION` to the one served.",
            title="Facebook serves another version",
            icon=":material/sync_problem:",
        )


def _usage(rows: list[Observation]) -> None:
    if not rows:
        st.caption("Facebook has reported no use of its limits, which means next to none.")
        return
    shown = sorted(rows, key=lambda row: -highest_percent(row.value))[:MOST_ALLOWANCES]
    st.caption("How much of Facebook's limits is used, in percent. At 100 it refuses for a while.")
    st.dataframe(
        pd.DataFrame(
            {
                "limit": [_limit(row.value) for row in shown],
                **{
                    name: pd.array([row.value.get(f"{name}_percent") for row in shown], "Int64")
                    for name in ("call_count", "cpu", "time")
                },
                "seen": pd.to_datetime([row.observed_at.replace(tzinfo=None) for row in shown]),
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


def highest_percent(reading: dict[str, Any]) -> int:
    """The figure of a reading that will reach its limit first; 0 where none was given."""
    return max(int(reading.get(f"{name}_percent") or 0) for name in ("call_count", "cpu", "time"))


def _limit(reading: dict[str, Any]) -> str:
    kind, scope = str(reading.get("kind", "")), str(reading.get("scope", ""))
    return "This app" if kind == "app" else f"{kind.capitalize()} {scope}".strip()


def _percent_column(label: str) -> Any:
    return st.column_config.ProgressColumn(
        label, width=110, min_value=0, max_value=100, format="%d%%"
    )
