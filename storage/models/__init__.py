"""The tables: what is kept of accounts, Pages, their figures, and of the work that fetched them.

Conventions that hold for every table. Ids of Facebook objects are text (they exceed 2^53). A
column ending in ``_at`` is an aware UTC datetime, ``day`` is a UTC date. Missing is NULL, never
zero. Tokens exist only sealed, in a column ``sealed_…`` with the id of their key beside it.

    installation   one row: whose database this is (``sandbox`` or ``live:<app id>``), data version
    vault_keys     one canary per encryption key
    attempts       trips to Facebook and back, and what one brought until it is saved
    grants         one account's consent          page_grants  what a grant may do on one Page
    pages          Facebook's Pages               pictures     their pictures, as we serve them
    page_changes   what Facebook said of a Page before it said something else
    snapshots      one Page, one day    unusual_days on which a Page rose or fell beyond its noise
    tags           groups of Pages      page_tags    which Pages are in them
    notes          an operator's notes on a day        goals  what a Page should reach, and when
    imports        CSV files of past figures
    insight_metrics  Facebook's other figures: the ledger of their names
    insight_values   one Page, one of them, one Pacific day
    insight_spans    which days were asked for    insight_states  how a Page answered last
    job_runs       executions of a job            job_failures what a run could not read
    job_leases     which run may work on what, until when
    events         what operators did (connected, renewed, disconnected)
    observations   what Graph's answers told about Graph itself (version, dropped fields, usage)
"""

from __future__ import annotations

from storage.models.attempts import Attempt
from storage.models.base import Base, UtcDateTime
from storage.models.figures import Import, Snapshot, UnusualDay
from storage.models.grants import Grant, PageGrant
from storage.models.groups import Goal, Note, PageTag, Tag
from storage.models.insights import (
    InsightMetric,
    InsightSpan,
    InsightState,
    InsightValue,
)
from storage.models.installation import Installation, VaultKey
from storage.models.jobs import Event, JobFailure, JobLease, JobRun, Observation
from storage.models.pages import Page, PageChange, Picture

__all__ = [
    "Attempt",
    "Base",
    "Event",
    "Goal",
    "Grant",
    "Import",
    "InsightMetric",
    "InsightSpan",
    "InsightState",
    "InsightValue",
    "Installation",
    "JobFailure",
    "JobLease",
    "JobRun",
    "Note",
    "Observation",
    "Page",
    "PageChange",
    "PageGrant",
    "PageTag",
    "Picture",
    "Snapshot",
    "Tag",
    "UnusualDay",
    "UtcDateTime",
    "VaultKey",
]
