"""The tables: installation, accounts, Pages, figures, notes and jobs.

Conventions that hold for every table. Ids of Facebook objects are text (they exceed 2^53). A
column ending in ``_at`` is an aware UTC datetime, ``day`` is a UTC date. Missing is NULL, never
zero. Tokens exist only sealed, in a column ``sealed_…`` with the id of their key beside it.

    installation   one row: marker (``sandbox`` or ``live:<app id>``) and data version
    vault_keys     one canary per encryption key
    attempts       trips to Facebook and back, with the sealed result until it is saved
    grants         one account's consent          page_grants  what a grant may do on one Page
    seen_pages     Pages that Facebook named without giving access
    page_moves     Pages to which Facebook gave another id
    pages          Facebook's Pages               pictures     copies of their pictures
    page_changes   earlier values of a Page's details
    snapshots      one Page, one day              unusual_days  days on which a Page rose or fell
    tags           groups of Pages                page_tags     their Pages
    notes          operators' notes on days        goals         targets of Pages
    saved_views    views of Overview under a name
    report_headings  titles and logos of reports
    imports        CSV files of past figures
    insight_metrics  ledger of Facebook's metrics, of Pages by day and of posts
    insight_values   one Page, one metric, one day in Pacific time
    insight_spans    days requested so far        insight_states  last answer for a Page
    posts            posts of Pages, with their newest figures
    post_checkpoints their figures at fixed ages  post_states     how far a Page's posts are read
    job_runs       executions of a job            job_failures  Pages that a run could not read
    job_leases     the right of a run to work on a unit
    events         the ledger: actions of operators, and connections that ended
    event_subjects  what the pseudonyms in them stand for
    ledger_keys    keys of their HMACs, sealed
    deletions      accounts and Pages that were erased, as keyed hashes
    token_allowances  programs that may have page access tokens
    token_handouts    how often they got them, by Page and hour
    deletion_requests  requests to delete, by Facebook or an operator
    observations   Graph's version, dropped fields and usage
    warning_channels  where warnings go, sealed    warning_topics  which of them are wanted
    warning_deliveries  warnings that were taken on, and sent
    calendar_feeds    secret addresses of the calendar of expiries, as hashes
    people         who may sign in, and their roles
    sign_in_sessions  browsers that are signed in  sign_in_attempts  ways to the sign-in service
    start_views    the saved view that is a person's start screen
"""

from __future__ import annotations

from storage.models.accounts import (
    Attempt,
    Grant,
    Page,
    PageChange,
    PageGrant,
    PageMove,
    Picture,
    SeenPage,
)
from storage.models.base import Base, UtcDateTime
from storage.models.custody import TokenAllowance, TokenHandout
from storage.models.figures import (
    Import,
    InsightMetric,
    InsightSpan,
    InsightState,
    InsightValue,
    Snapshot,
    UnusualDay,
)
from storage.models.jobs import (
    Deletion,
    DeletionRequest,
    Installation,
    JobFailure,
    JobLease,
    JobRun,
    Observation,
    VaultKey,
)
from storage.models.ledger import Event, EventSubject, LedgerKey
from storage.models.notes import Goal, Note, PageTag, ReportHeading, SavedView, Tag
from storage.models.people import PersonRow, SignInAttempt, SignInSession, StartView
from storage.models.posts import Post, PostCheckpoint, PostState
from storage.models.warnings import CalendarFeed, WarningChannel, WarningDelivery, WarningTopic

__all__ = [
    "Attempt",
    "Base",
    "CalendarFeed",
    "Deletion",
    "DeletionRequest",
    "Event",
    "EventSubject",
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
    "LedgerKey",
    "Note",
    "Observation",
    "Page",
    "PageChange",
    "PageGrant",
    "PageMove",
    "PageTag",
    "PersonRow",
    "Picture",
    "Post",
    "PostCheckpoint",
    "PostState",
    "ReportHeading",
    "SavedView",
    "SeenPage",
    "SignInAttempt",
    "SignInSession",
    "Snapshot",
    "StartView",
    "Tag",
    "TokenAllowance",
    "TokenHandout",
    "UnusualDay",
    "UtcDateTime",
    "VaultKey",
    "WarningChannel",
    "WarningDelivery",
    "WarningTopic",
]
