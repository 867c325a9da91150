"""The tables: what is kept of accounts, Pages, their figures, and of the work that fetched them.

Conventions that hold for every table. Ids of Facebook objects are text (they exceed 2^53). A
column ending in ``_at`` is an aware UTC datetime, ``day`` is a UTC date. Missing is NULL, never
zero. Tokens exist only sealed, in a column ``sealed_…`` with the id of their key beside it.

    installation   one row: whose database this is (``sandbox`` or ``live:<app id>``), data version
    vault_keys     one canary per encryption key
    attempts       trips to Facebook and back     attempt_pages  what one brought, until it is saved
    grants         one account's consent          page_grants  what a grant may do on one Page
    pages          Facebook's Pages               pictures     their pictures, as we serve them
    page_changes   what Facebook said of a Page before it said something else
    snapshots      one Page, one day    day_columns  the same figures, all Pages of a day together
    day_origins    where the snapshots of a day come from
    tags           groups of Pages      page_tags    which Pages are in them
    annotations    an operator's notes on a day        goals  what a Page should reach, and when
    imports        CSV files of past figures
    insight_metrics  Facebook's other figures: the ledger of their names
    insight_values   one Page, one of them, one Pacific day
    insight_spans    which days were asked for    insight_states  how a Page answered last
    insight_runs     executions of their fetching
    runs           executions of a sync           run_failures what a run could not read
    events         what operators did (connected, renewed, disconnected)
    observations   what Graph's answers told about Graph itself (version, dropped fields, usage)
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, Any, ClassVar, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from storage.folding import fold

T = TypeVar("T")


class Remembered(TypeDecorator[T]):
    """Converts a value once and the same value again for nothing.

    All rows of a bulk write have the same day and time, and converting these takes longer than all
    other columns together.
    """

    impl: Any = Date
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        process = super().bind_processor(dialect)
        return None if process is None else lru_cache(maxsize=64)(process)


class Day(Remembered[date]):
    """A date."""

    cache_ok = True


class UtcDateTime(Remembered[datetime]):
    """An aware UTC datetime on every database; a naive one is a programming error and raises."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone was handed to the database")
        if value.tzinfo is not UTC:
            value = value.astimezone(UTC)
        # SQLite keeps text without a zone; all of it is UTC by this decorator.
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Graph's error codes are whatever Facebook sends; a surprising one must not fail a whole run.
GraphCode = Annotated[int, mapped_column(BigInteger)]


class Base(DeclarativeBase):
    """Maps Python types to columns once, for all tables."""

    type_annotation_map: ClassVar = {
        str: Text,
        datetime: UtcDateTime,
        date: Day,
        # none_as_null: an absent value is NULL in these columns too, not the JSON word "null".
        dict[str, Any]: JSON(none_as_null=True),
        list[str]: JSON(none_as_null=True),
    }
    # Every constraint has a name, so that a later migration can drop it on both databases.
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
        }
    )


class Installation(Base):
    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="installation_is_one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    marker: Mapped[str]  # "sandbox" or "live:<app id>"
    created_at: Mapped[datetime]
    # Raised in every transaction that changes what a screen shows; screens cache by it.
    data_version: Mapped[int] = mapped_column(default=0)


class VaultKey(Base):
    __tablename__ = "vault_keys"

    key_id: Mapped[str] = mapped_column(primary_key=True)
    sealed_canary: Mapped[str]
    created_at: Mapped[datetime]


class Attempt(Base):
    """One trip to Facebook and back.

    ``status`` goes open → reading → ready → saved | discarded, or to failed from open and reading.
    "Interrupted" and "expired" are not stored: they follow from ``heartbeat_at`` and the expiries.
    What Facebook answered waits here and in ``attempt_pages`` while "ready", and nowhere else.
    """

    __tablename__ = "attempts"
    __table_args__ = (
        CheckConstraint(
            "sealed_user_token IS NULL OR status = 'ready'", name="attempts_token_only_while_ready"
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    nonce_hash: Mapped[str]
    marker: Mapped[str]
    redirect_uri: Mapped[str]
    graph_url: Mapped[str]
    dialog_url: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    consumed_at: Mapped[datetime | None]
    status: Mapped[str]
    heartbeat_at: Mapped[datetime | None]
    step: Mapped[str | None]  # "exchange" | "identity" | "listing"
    pages_read: Mapped[int | None]
    pages_total: Mapped[int | None]
    account_name: Mapped[str | None]
    access_until: Mapped[datetime | None]
    failure: Mapped[dict[str, Any] | None]  # {"kind": …, plain facts}; never a text from Facebook
    account_id: Mapped[str | None]  # whose token it is; gone with it, as is what was found
    sealed_user_token: Mapped[str | None]
    key_id: Mapped[str | None]
    found: Mapped[dict[str, Any] | None]  # permissions, expiries, …: see fb/found.py; no secret
    preview_expires_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[dict[str, Any] | None]  # {"saved": n, "added": n, "kept": n, "missing": n, …}


class AttemptPage(Base):
    """A Page that an attempt found, ready to be saved: columns as in the tables it goes to.

    The page access token is sealed for its owner from the start; NULL when Facebook sent none.
    """

    __tablename__ = "attempt_pages"

    attempt_id: Mapped[str] = mapped_column(
        ForeignKey("attempts.id", ondelete="CASCADE"), primary_key=True
    )
    page_id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]  # in Facebook's order, from 0
    depth: Mapped[str]  # how much was asked for: "full" | "figures" | "basic"
    tasks: Mapped[list[str]]
    sealed_page_token: Mapped[str | None]
    key_id: Mapped[str | None]
    fans_count: Mapped[int | None] = mapped_column(BigInteger)
    followers_count: Mapped[int | None] = mapped_column(BigInteger)
    name: Mapped[str]
    name_folded: Mapped[str]
    category: Mapped[str | None]
    about: Mapped[str | None]
    website: Mapped[str | None]
    link: Mapped[str | None]
    username: Mapped[str | None]
    phone: Mapped[str | None]
    emails: Mapped[list[str] | None]
    location: Mapped[dict[str, Any] | None]
    verification_status: Mapped[str | None]
    is_published: Mapped[bool | None]
    is_new_page_experience: Mapped[bool | None]
    picture_url: Mapped[str | None]
    picture_path: Mapped[str | None]


class Grant(Base):
    """One account's consent.

    ``status``: ok · needs_renewal (Facebook ended it) · frozen (an operator paused it) ·
    disconnected (no token is kept). ``reason_code`` and ``reason_subcode`` are Graph's.
    """

    __tablename__ = "grants"
    __table_args__ = (
        CheckConstraint(
            "sealed_user_token IS NULL OR status <> 'disconnected'",
            name="grants_no_token_when_disconnected",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    account_id: Mapped[str] = mapped_column(unique=True)
    account_name: Mapped[str]
    sealed_user_token: Mapped[str | None]
    key_id: Mapped[str | None]
    granted_permissions: Mapped[list[str]]
    declined_permissions: Mapped[list[str]]
    issued_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]  # None: never, or Facebook did not say
    data_access_expires_at: Mapped[datetime | None]
    status: Mapped[str]
    status_at: Mapped[datetime]
    reason_code: Mapped[GraphCode | None]
    reason_subcode: Mapped[GraphCode | None]
    created_at: Mapped[datetime]
    renewed_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]  # last answer that Facebook gave to this grant


def _folded_name(context: DefaultExecutionContext) -> str:
    row = context.get_current_parameters()  # type: ignore[no-untyped-call]  # SQLAlchemy left it so
    return fold(row["name"])


class Page(Base):
    """One Facebook Page, as Facebook described it last. What Facebook left out is NULL."""

    __tablename__ = "pages"
    __table_args__ = (
        # Covers "which Pages, by name", with which every figure of Overview begins.
        Index("pages_by_name", "name_folded", "id", "position"),
        Index("pages_by_connection", "connection", "position"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    # For search and order: see storage/folding.py. Follows from ``name`` in every insert; an upsert
    # has to name it among the columns it overwrites. Compared byte by byte on every database.
    name_folded: Mapped[str] = mapped_column(
        Text().with_variant(Text(collation="C"), "postgresql"), default=_folded_name
    )
    category: Mapped[str | None]
    about: Mapped[str | None]
    website: Mapped[str | None]
    link: Mapped[str | None]
    username: Mapped[str | None]
    phone: Mapped[str | None]
    emails: Mapped[list[str] | None]
    location: Mapped[dict[str, Any] | None]
    verification_status: Mapped[str | None]
    is_published: Mapped[bool | None]
    is_new_page_experience: Mapped[bool | None]
    first_seen_at: Mapped[datetime] = mapped_column(index=True)
    described_at: Mapped[datetime]
    graph_version: Mapped[str | None]
    # Its place in every column of ``day_columns``: from 0, without holes, never given away again.
    position: Mapped[int | None] = mapped_column(unique=True, index=True)
    # The first day with a figure; None before it.
    fans_since: Mapped[date | None]
    followers_since: Mapped[date | None]
    # The place of its best state in CONNECTION_STATES, 6 while nobody holds it: see
    # storage/kept_connections.py, which keeps it.
    connection: Mapped[int] = mapped_column(server_default="6")


class PageChange(Base):
    """What Facebook said of a Page until ``changed_at``, when it was first seen to say otherwise.

    ``field`` is a column of ``pages``; ``was`` holds its value then under "value".
    """

    __tablename__ = "page_changes"

    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id"), primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    changed_at: Mapped[datetime] = mapped_column(primary_key=True)
    was: Mapped[dict[str, Any]]


class PageGrant(Base):
    """What one grant may do on one Page.

    ``status``: ok · no_access (Facebook sent no token) · missing (not in the newest list) ·
    left_out (the operator unticked it) · role_lost (Facebook refused this Page alone). Only ``ok``
    keeps a token, and not under a disconnected grant: the status says nothing of the grant's own.
    """

    __tablename__ = "page_grants"
    __table_args__ = (
        CheckConstraint(
            "sealed_page_token IS NULL OR status = 'ok'", name="page_grants_token_only_when_ok"
        ),
        Index(
            "page_grants_role_lost",
            "grant_id",
            sqlite_where=text("status = 'role_lost'"),
            postgresql_where=text("status = 'role_lost'"),
        ),
    )

    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id"), primary_key=True)
    grant_id: Mapped[int] = mapped_column(ForeignKey("grants.id"), primary_key=True, index=True)
    tasks: Mapped[list[str]]
    sealed_page_token: Mapped[str | None]
    key_id: Mapped[str | None]
    status: Mapped[str]
    status_at: Mapped[datetime]
    reason_code: Mapped[GraphCode | None]
    reason_subcode: Mapped[GraphCode | None]
    granted_at: Mapped[datetime]


class Picture(Base):
    """A Page's picture. ``content`` is NULL until fetched, and when there is none worth keeping."""

    __tablename__ = "pictures"

    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id"), primary_key=True)
    source_url: Mapped[str | None]  # Facebook's signed link: dies within a month, carries no token
    source_path: Mapped[str | None]  # the link's path: changes with the picture, not its signature
    source_at: Mapped[datetime | None]  # when Facebook gave it
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    content_type: Mapped[str | None]
    etag: Mapped[str | None]
    fetched_at: Mapped[datetime | None]


class Snapshot(Base):
    """One Page, one day (UTC). Figures as Facebook reported them; NULL where it reported none."""

    __tablename__ = "snapshots"
    __table_args__ = (
        # Covers "all Pages on these days", which every total is made of.
        Index("snapshots_by_day", "day", "page_id", "fans_count", "followers_count"),
        {"sqlite_with_rowid": False},
    )

    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    fans_count: Mapped[int | None] = mapped_column(BigInteger)
    followers_count: Mapped[int | None] = mapped_column(BigInteger)
    source: Mapped[str]  # "snapshot", or "import:<id>"
    fetched_at: Mapped[datetime]
    graph_version: Mapped[str | None]


class DayColumn(Base):
    """One kind of figure of all Pages on one day: see storage/columns.py, which keeps it.

    Follows from ``snapshots`` and changes in the same transaction; an Overview of thousands of
    Pages reads a handful of these instead of as many rows as Pages.
    """

    __tablename__ = "day_columns"

    # "fans" | "followers", and the marks of unusual days: "fans_marks" | "followers_marks"
    kind: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class DayOrigin(Base):
    """Where snapshots of one day come from: see storage/origins.py, which keeps it."""

    __tablename__ = "day_origins"

    day: Mapped[date] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    graph_version: Mapped[str] = mapped_column(primary_key=True)  # "" for none
    fetched_at: Mapped[datetime]  # the newest of them


class Tag(Base):
    """A group of Pages that operators made: a brand, a client, a country."""

    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    name: Mapped[str]
    name_folded: Mapped[str] = mapped_column(
        Text().with_variant(Text(collation="C"), "postgresql"), default=_folded_name, unique=True
    )
    created_at: Mapped[datetime]


class PageTag(Base):
    __tablename__ = "page_tags"

    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(
        ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Annotation(Base):
    """An operator's note on a day: for one Page, for the Pages of a tag, or for all (neither)."""

    __tablename__ = "annotations"
    __table_args__ = (
        CheckConstraint("page_id IS NULL OR tag_id IS NULL", name="annotations_have_one_scope"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    day: Mapped[date] = mapped_column(index=True)
    text: Mapped[str]
    page_id: Mapped[str | None] = mapped_column(ForeignKey("pages.id"))
    tag_id: Mapped[int | None] = mapped_column(ForeignKey("tags.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]


class Goal(Base):
    """What a Page should reach, and by when."""

    __tablename__ = "goals"

    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id"), primary_key=True)
    metric: Mapped[str] = mapped_column(primary_key=True)  # "fans" | "followers"
    target: Mapped[int] = mapped_column(BigInteger)
    due_day: Mapped[date]
    created_at: Mapped[datetime]


class Import(Base):
    """One CSV file of past figures that was taken in; its snapshots have source "import:<id>"."""

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    file_name: Mapped[str]
    imported_at: Mapped[datetime]
    new_count: Mapped[int]
    equal_count: Mapped[int]
    conflicting_count: Mapped[int]
    refused_count: Mapped[int]
    undone_at: Mapped[datetime | None]


class InsightMetric(Base):
    """The ledger: what Facebook calls one of its daily figures, and whether it still gives it.

    ``status``: live · retired (Facebook refuses the name, seen on ``retired_on``) · unconfirmed
    (never answered here yet). ``kind`` says what may be done with the days: "level" (a state, the
    last one counts), "count" (may be summed), "unique" (people of a day: never summed).
    """

    __tablename__ = "insight_metrics"

    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]  # the order in which they are shown
    label: Mapped[str]
    unit: Mapped[str]  # plural, as it stands after a number: "views"
    kind: Mapped[str]
    meaning: Mapped[str]
    status: Mapped[str]
    retired_on: Mapped[date | None]
    replaced_by: Mapped[str | None]
    probed_at: Mapped[datetime | None]  # when Facebook last answered or refused the name


class InsightValue(Base):
    """One Page, one metric, one day. Not a day in UTC: Facebook's end at midnight Pacific time."""

    __tablename__ = "insight_values"
    __table_args__ = ({"sqlite_with_rowid": False},)

    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id"), primary_key=True)
    metric: Mapped[str] = mapped_column(ForeignKey("insight_metrics.name"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
    fetched_at: Mapped[datetime]
    graph_version: Mapped[str | None]


class InsightSpan(Base):
    """The days, without holes, for which a Page was asked for a metric; Pacific, both included."""

    __tablename__ = "insight_spans"

    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id"), primary_key=True)
    metric: Mapped[str] = mapped_column(ForeignKey("insight_metrics.name"), primary_key=True)
    since: Mapped[date]
    until: Mapped[date]


class InsightState(Base):
    """How a Page answered last when it was asked for its insights.

    ``state``: ok · empty (answered with nothing) · too_few_likes · no_permission · access_ended ·
    not_answering · limited · refused. The code and trace are Graph's.
    """

    __tablename__ = "insight_states"

    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id"), primary_key=True)
    state: Mapped[str]
    code: Mapped[GraphCode | None]
    trace_id: Mapped[str | None]
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]  # when values came last


class InsightRun(Base):
    """One execution of fetching insights; as `Run`, with a place of its own.

    ``steps`` are requests for one Page and at most 90 days each.
    """

    __tablename__ = "insight_runs"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    kind: Mapped[str]  # "manual" | "daily" | "command"
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    active: Mapped[int | None] = mapped_column(unique=True)
    status: Mapped[str]  # running · done · stopped · failed · interrupted
    pages_total: Mapped[int]
    pages_failed: Mapped[int]
    steps_total: Mapped[int]
    steps_done: Mapped[int]
    values_count: Mapped[int]
    limited_until: Mapped[datetime | None]
    reason_code: Mapped[GraphCode | None]


class Run(Base):
    """One execution of a sync, for one day.

    ``status``: running · done · stopped (a rate limit or the operator ended it early) · failed ·
    interrupted (its heart stopped and the next run took its place).
    ``active`` is 1 while running and NULL after: its unique index allows one sync at a time.
    """

    __tablename__ = "runs"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    kind: Mapped[str]  # "manual" | "daily" | "command" | "history" | "fast_forward"
    day: Mapped[date] = mapped_column(index=True)
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    active: Mapped[int | None] = mapped_column(unique=True)
    status: Mapped[str]
    pages_total: Mapped[int]
    pages_done: Mapped[int]
    pages_failed: Mapped[int]
    limited_until: Mapped[datetime | None]  # when Facebook names the end of a rate limit
    reason_code: Mapped[GraphCode | None]


class RunFailure(Base):
    __tablename__ = "run_failures"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id"), primary_key=True)
    account_name: Mapped[str | None]
    kind: Mapped[str]  # class name of the error, e.g. "RateLimited"
    code: Mapped[GraphCode | None]
    subcode: Mapped[GraphCode | None]
    trace_id: Mapped[str | None]


class Event(Base):
    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[str]  # connected, renewed, disconnected, needs_renewal, frozen, thawed
    account_name: Mapped[str | None]
    facts: Mapped[dict[str, Any]]


class Observation(Base):
    __tablename__ = "observations"

    key: Mapped[str] = mapped_column(primary_key=True)  # "graph_version", "usage:app", …
    value: Mapped[dict[str, Any]]
    observed_at: Mapped[datetime]
