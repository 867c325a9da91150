"""Every slip in the settings is told at once, in words that mend it, and without a secret."""

from __future__ import annotations

import base64
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from fb.sandbox_secrets import load_or_make_sandbox_secrets
from fb.settings import (
    SANDBOX_APP_ID,
    SettingRow,
    Settings,
    SettingsReport,
    read_settings,
)
from fb.settings_table import SETTING_NAMES

# Fixed, since they stand in the names of tests, which must be the same in every process.
KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.urlsafe_b64encode(bytes(range(32, 64))).decode()
LIVE = {
    "FACEBOOK_APP_ID": "123456789012345",
    "FACEBOOK_APP_SECRET": "0123456789abcdef0123456789abcdef",
    "STATE_TOKEN_SECRET": "a-secret-of-forty-characters-or-so-12345",
    "TOKEN_ENCRYPTION_KEYS": KEY,
}
PROXY_SECRET = "proxy-secret-of-the-tests-0123456789abcdef"
SIGN_IN = {
    "SIGN_IN_ISSUER": "https://login.example",
    "SIGN_IN_CLIENT_ID": "pagekeeper",
    "SIGN_IN_CLIENT_SECRET": "secret-of-the-sign-in",
}
ROOT = Path(__file__).resolve().parents[3]


def live(tmp_path: Path, **changes: str | None) -> SettingsReport:
    environ = {name: value for name, value in {**LIVE, **changes}.items() if value is not None}
    return read_settings(environ, tmp_path)


def valid(report: SettingsReport) -> Settings:
    assert report.problems == ()
    assert report.settings is not None
    return report.settings


def named(report: SettingsReport) -> set[str]:
    assert report.settings is None
    return {problem.name for problem in report.problems}


def row(report: SettingsReport, name: str) -> SettingRow:
    return next(row for row in report.rows if row.name == name)


# Modes


def test_without_an_app_it_is_the_sandbox(tmp_path: Path) -> None:
    report = read_settings({}, tmp_path, port=8777)
    settings = valid(report)
    assert report.mode == settings.mode == settings.marker == "sandbox"
    assert settings.is_sandbox
    assert not settings.uses_foreign_graph
    assert settings.app_id == SANDBOX_APP_ID
    assert settings.redirect_uri == "http://localhost:8777/connect"
    assert settings.redirect_origin == "http://localhost:8777"
    assert settings.graph_url == "http://127.0.0.1:8777/sandbox"
    assert settings.dialog_url == "http://localhost:8777/sandbox"
    assert settings.database_url == f"sqlite:///{tmp_path}/data/sandbox.db"
    assert settings.data == tmp_path / "data"
    assert [row.state for row in report.rows] == ["default"] * len(SETTING_NAMES)
    shown = {row.name: row.shown for row in report.rows}
    assert shown["FACEBOOK_APP_ID"] == "made by the sandbox"


def test_with_an_app_it_is_live_with_these_defaults(tmp_path: Path) -> None:
    report = live(tmp_path)
    settings = valid(report)
    assert report.mode == settings.mode == "live"
    assert settings.marker == "live:123456789012345"
    assert settings.redirect_uri == "http://localhost:8501/connect"
    assert settings.scopes == (
        "pages_show_list",
        "pages_messaging",
        "pages_manage_metadata",
        "pages_read_engagement",
        "read_insights",
        "business_management",
    )
    assert settings.config_id is None
    assert settings.graph_version == "v26.0"
    assert settings.graph_url == "https://graph.facebook.com"
    assert settings.dialog_url == "https://www.facebook.com"
    assert not settings.uses_foreign_graph
    assert settings.encryption_keys == (KEY,)
    assert settings.database_url == f"sqlite:///{tmp_path}/data/pagekeeper.db"
    assert not settings.behind_sign_in_proxy
    assert (settings.keep_attempts_days, settings.keep_runs_days) == (30, 730)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("missing", ["FACEBOOK_APP_ID", "FACEBOOK_APP_SECRET"])
def test_one_of_id_and_secret_alone_is_no_sandbox(tmp_path: Path, missing: str) -> None:
    report = live(tmp_path, **{missing: None})
    assert report.mode == "live"
    assert named(report) == {missing}
    assert row(report, missing).state == "missing"
    assert "sandbox" in report.problems[0].sentence


def test_all_problems_are_told_at_once_in_the_order_of_the_documentation(tmp_path: Path) -> None:
    report = read_settings(
        {
            "FACEBOOK_APP_ID": "12 34",
            "FACEBOOK_REDIRECT_URI": "localhost:8501/connect",
            "FACEBOOK_SCOPES": ",",
            "FACEBOOK_CONFIG_ID": "x",
            "FACEBOOK_GRAPH_VERSION": "26",
            "FACEBOOK_GRAPH_URL": "http://graph.example",
            "KEYS_FILE": "keys.env",
            "STATE_TOKEN_SECRET": "short",
            "TOKEN_ENCRYPTION_KEYS": "nonsense",
            "DATABASE_URL": "mysql://x/y",
            "SIGN_IN_ISSUER": "login.example",
            "SIGN_IN_CLIENT_ID": "a b",
            "SIGN_IN_CLIENT_SECRET": "a b",
            "SIGN_IN_FIRST_ADMIN": "ann",
            "SIGN_IN_DOMAINS": "agency",
            "SIGN_IN_ADDRESS_CLAIM": "e mail",
            "SIGN_IN_TRUST_ADDRESSES": "maybe",
            "VIEWERS_MAY_EXPORT": "some",
            "BEHIND_SIGN_IN_PROXY": "perhaps",
            "PROXY_SECRET": "short",
            "ALLOW_PRIVATE_TARGETS": "maybe",
            "KEEP_ATTEMPTS_DAYS": "0",
            "KEEP_RUNS_DAYS": "two years",
            "DISPLAY_TIME_ZONE": "Berlin/../etc",
            "KEEP_POST_TEXT": "some",
            "LOG_FORMAT": "xml",
            "METRICS_TOKEN": "short",
            "WORKERS": "celery",
            "DRAIN_SECONDS": "301",
        },
        tmp_path,
    )
    assert report.settings is None
    assert [problem.name for problem in report.problems] == list(SETTING_NAMES)
    assert [row.name for row in report.rows] == list(SETTING_NAMES)
    assert {row.state for row in report.rows} == {"wrong", "missing"}


# One rule after the other


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FACEBOOK_APP_ID", "1" * 21),
        ("FACEBOOK_APP_ID", "١" * 15),
        ("FACEBOOK_APP_SECRET", "sécret"),
        ("FACEBOOK_REDIRECT_URI", "localhost/connect"),
        ("FACEBOOK_REDIRECT_URI", "ftp://localhost/connect"),
        ("FACEBOOK_REDIRECT_URI", "http://localhost:8501/connect/"),
        ("FACEBOOK_REDIRECT_URI", "http://localhost:8501/connect?"),
        ("FACEBOOK_REDIRECT_URI", "http://localhost:8501/connect#_=_"),
        ("FACEBOOK_REDIRECT_URI", "http://user@localhost:8501/connect"),
        ("FACEBOOK_REDIRECT_URI", "http://localhost:99999/connect"),
        ("FACEBOOK_REDIRECT_URI", "http://local host/connect"),
        ("FACEBOOK_REDIRECT_URI", "http://localhost\\@evil.example/connect"),
        ("FACEBOOK_REDIRECT_URI", "http://localhost:8501\\..\\x/connect"),
        ("FACEBOOK_REDIRECT_URI", "http://localhost:8501/a\\b/connect"),
        ("FACEBOOK_REDIRECT_URI", "http://[/connect"),
        ("FACEBOOK_REDIRECT_URI", "http:///connect"),
        ("FACEBOOK_REDIRECT_URI", "http://example.org/connect"),
        ("FACEBOOK_REDIRECT_URI", "https://x.example/dash/connect"),
        ("FACEBOOK_REDIRECT_URI", "https://localhost//connect"),
        ("FACEBOOK_SCOPES", " , "),
        ("FACEBOOK_SCOPES", "pages show-list"),
        ("FACEBOOK_CONFIG_ID", "abc"),
        ("FACEBOOK_GRAPH_VERSION", "v26"),
        ("FACEBOOK_GRAPH_VERSION", "v26.0/me"),
        ("FACEBOOK_GRAPH_VERSION", "v20.0"),
        ("STATE_TOKEN_SECRET", LIVE["STATE_TOKEN_SECRET"][:31]),
        ("STATE_TOKEN_SECRET", "s" * 43),
        ("TOKEN_ENCRYPTION_KEYS", ","),
        ("TOKEN_ENCRYPTION_KEYS", f"{KEY},x"),
        ("TOKEN_ENCRYPTION_KEYS", f"{KEY},{KEY}"),
        ("TOKEN_ENCRYPTION_KEYS", "schlüssel"),
        ("DATABASE_URL", "postgresql+asyncpg://u:p@h/d"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "sqlite://data/x.db"),
        ("DATABASE_URL", "postgresql+psycopg://u:p@h:port/d"),
        ("VIEWERS_MAY_EXPORT", "true"),
        ("BEHIND_SIGN_IN_PROXY", "true"),
        ("WORKERS", "Procrastinate"),
    ],
)
def test_what_is_malformed_is_told_by_name_and_never_repeated(
    tmp_path: Path, name: str, value: str
) -> None:
    report = live(tmp_path, **{name: value})
    assert named(report) == {name}
    assert row(report, name).state == "wrong"
    (problem,) = report.problems
    assert row(report, name).sentence == problem.sentence
    assert problem.sentence.endswith((".", '"', "/connect", "host/name", "pagekeeper.db"))
    if len(value) > 8 and ("SECRET" in name or "KEYS" in name or "u:p@" in value):
        assert value not in repr(report)


@pytest.mark.parametrize(
    ("name", "value", "field", "read"),
    [
        ("FACEBOOK_APP_ID", " 123456789012345\n", "app_id", "123456789012345"),
        ("FACEBOOK_REDIRECT_URI", "http://127.0.0.1:8501/connect", "redirect_uri", None),
        ("FACEBOOK_REDIRECT_URI", "http://[::1]:8501/connect", "redirect_uri", None),
        ("FACEBOOK_SCOPES", "a, b c,a", "scopes", ("a", "b", "c")),
        ("FACEBOOK_CONFIG_ID", "1234567890", "config_id", None),
        ("FACEBOOK_GRAPH_VERSION", "v21.0", "graph_version", None),
        ("TOKEN_ENCRYPTION_KEYS", f"{KEY} , {OTHER_KEY},", "encryption_keys", (KEY, OTHER_KEY)),
        (
            "DATABASE_URL",
            "postgresql+psycopg://u:p%40@h:5432/d?sslmode=require",
            "database_url",
            None,
        ),
        ("DATABASE_URL", "sqlite:////srv/pages.db", "database_url", None),
        ("BEHIND_SIGN_IN_PROXY", "NO", "behind_sign_in_proxy", False),
        ("PROXY_SECRET", PROXY_SECRET, "proxy_secret", None),
        ("KEEP_ATTEMPTS_DAYS", "7", "keep_attempts_days", 7),
        ("DRAIN_SECONDS", "5", "drain_seconds", 5),
        ("FACEBOOK_CONFIG_ID", "", "config_id", "none"),
    ],
)
def test_what_is_well_formed_is_taken_as_it_is(
    tmp_path: Path, name: str, value: str, field: str, read: Any
) -> None:
    expected = {None: value, "none": None}.get(read, read) if not isinstance(read, tuple) else read
    assert getattr(valid(live(tmp_path, **{name: value})), field) == expected


def test_a_relative_database_is_found_from_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    settings = valid(live(tmp_path, DATABASE_URL="sqlite:///data/mine.db?timeout=3"))
    assert settings.database_url == f"sqlite:///{tmp_path}/data/mine.db?timeout=3"


def test_the_origin_is_written_as_browsers_write_it(tmp_path: Path) -> None:
    for uri, origin in (
        ("https://Localhost:443/connect", "https://localhost"),
        ("http://localhost/connect", "http://localhost"),
        ("http://[::1]:8501/connect", "http://[::1]:8501"),
    ):
        assert valid(live(tmp_path, FACEBOOK_REDIRECT_URI=uri)).redirect_origin == origin


def test_beyond_loopback_something_must_sign_people_in(tmp_path: Path) -> None:
    public = {"FACEBOOK_REDIRECT_URI": "https://pages.example.org/connect"}
    assert named(live(tmp_path, **public)) == {"BEHIND_SIGN_IN_PROXY"}
    assert named(live(tmp_path, **public, BEHIND_SIGN_IN_PROXY="no")) == {"BEHIND_SIGN_IN_PROXY"}
    proxied = public | {"BEHIND_SIGN_IN_PROXY": "yes", "PROXY_SECRET": PROXY_SECRET}
    assert valid(live(tmp_path, **proxied)).behind_sign_in_proxy
    assert valid(live(tmp_path, **public, **SIGN_IN)).has_sign_in
    # The sandbox holds nothing that is worth it.
    report = read_settings(public, tmp_path)
    assert valid(report).dialog_url == "https://pages.example.org/sandbox"


@pytest.mark.parametrize("mode", [LIVE, {}])
def test_a_sign_in_proxy_needs_a_secret(tmp_path: Path, mode: dict[str, str]) -> None:
    proxied = mode | {"BEHIND_SIGN_IN_PROXY": "yes"}
    report = read_settings(proxied, tmp_path)
    assert named(report) == {"PROXY_SECRET"}
    assert row(report, "PROXY_SECRET").state == "missing"
    assert "proxy_set_header X-Pagekeeper-Proxy" in row(report, "PROXY_SECRET").sentence
    for bad in ("short", "s" * 43, PROXY_SECRET + ";", PROXY_SECRET + '"', PROXY_SECRET + " x"):
        report = read_settings(proxied | {"PROXY_SECRET": bad}, tmp_path)
        assert named(report) == {"PROXY_SECRET"}
        assert bad not in repr(report)
    settings = valid(read_settings(proxied | {"PROXY_SECRET": PROXY_SECRET}, tmp_path))
    assert PROXY_SECRET in settings.secrets
    assert PROXY_SECRET not in repr(settings)


def test_the_secret_of_the_proxy_is_no_other_secret(tmp_path: Path) -> None:
    report = live(tmp_path, PROXY_SECRET=LIVE["STATE_TOKEN_SECRET"])
    assert named(report) == {"PROXY_SECRET"}
    assert row(live(tmp_path), "PROXY_SECRET").shown == "—"


# Sign-in


@pytest.mark.parametrize("mode", [LIVE, {}])
def test_people_sign_in_where_the_three_are_set(tmp_path: Path, mode: dict[str, str]) -> None:
    settings = valid(read_settings(mode | SIGN_IN, tmp_path))
    assert settings.has_sign_in
    assert settings.sign_in_issuer == "https://login.example"
    assert (settings.sign_in_client_id, settings.sign_in_first_admin) == ("pagekeeper", None)
    assert (settings.sign_in_domains, settings.sign_in_address_claim) == ((), "email")
    assert (settings.sign_in_trust_addresses, settings.viewers_may_export) == (False, True)
    without = valid(read_settings(mode, tmp_path))
    assert (without.has_sign_in, without.sign_in_client_id) == (False, None)


@pytest.mark.parametrize("mode", [LIVE, {}])
@pytest.mark.parametrize("missing", SIGN_IN)
def test_a_sign_in_is_set_whole_or_not_at_all(
    tmp_path: Path, mode: dict[str, str], missing: str
) -> None:
    environ = mode | SIGN_IN
    del environ[missing]
    report = read_settings(environ, tmp_path)
    assert named(report) == {missing}
    assert row(report, missing).state == "missing"
    assert "Set the three of" in row(report, missing).sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIGN_IN_FIRST_ADMIN", "ann@agency.example"),
        ("SIGN_IN_DOMAINS", "agency.example"),
        ("SIGN_IN_ADDRESS_CLAIM", "preferred_username"),
        ("SIGN_IN_TRUST_ADDRESSES", "yes"),
    ],
)
def test_what_belongs_to_a_sign_in_needs_one(tmp_path: Path, name: str, value: str) -> None:
    report = live(tmp_path, **{name: value})
    assert named(report) == set(SIGN_IN)
    assert all(problem.sentence.startswith(f"{name} is set") for problem in report.problems)


def test_defaults_that_are_written_out_are_no_sign_in(tmp_path: Path) -> None:
    written = {
        **dict.fromkeys(SIGN_IN, ""),
        "SIGN_IN_DOMAINS": "",
        "SIGN_IN_ADDRESS_CLAIM": "email",
        "SIGN_IN_TRUST_ADDRESSES": "No",
        "VIEWERS_MAY_EXPORT": "no",
    }
    settings = valid(
        live(tmp_path, **written, BEHIND_SIGN_IN_PROXY="yes", PROXY_SECRET=PROXY_SECRET)
    )
    assert (settings.has_sign_in, settings.viewers_may_export) == (False, False)


def test_there_are_no_two_ways_to_sign_in(tmp_path: Path) -> None:
    proxied = {"BEHIND_SIGN_IN_PROXY": "yes", "PROXY_SECRET": PROXY_SECRET}
    report = live(tmp_path, **SIGN_IN, **proxied)
    assert named(report) == {"BEHIND_SIGN_IN_PROXY"}
    assert "Two ways to sign in" in report.problems[0].sentence


@pytest.mark.parametrize(
    "issuer",
    [
        "login.example",
        "http://login.example",
        "http://localhost.evil.example",
        "ftp://login.example",
        "https://u:p@login.example",
        "https://login.example?tenant=x",
        "https://login.example/#x",
        "https://login.example\\@evil.example",
    ],
)
def test_an_issuer_that_others_could_stand_in_for_is_refused(tmp_path: Path, issuer: str) -> None:
    report = live(tmp_path, **SIGN_IN | {"SIGN_IN_ISSUER": issuer})
    assert named(report) == {"SIGN_IN_ISSUER"}


@pytest.mark.parametrize(
    "issuer",
    ["http://localhost:9000", "http://127.0.0.1:9000/realms/a", "https://login.example/"],
)
def test_an_issuer_stays_as_it_is_written(tmp_path: Path, issuer: str) -> None:
    settings = valid(live(tmp_path, **SIGN_IN | {"SIGN_IN_ISSUER": issuer}))
    assert settings.sign_in_issuer == issuer


@pytest.mark.parametrize(
    "issuer",
    [
        "https://login.microsoftonline.com/common/v2.0",
        "https://login.microsoftonline.com/Organizations",
        "https://login.microsoftonline.com/consumers/v2.0",
        "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
        "https://accounts.google.com",
    ],
)
def test_an_issuer_of_everybody_is_not_trusted_with_addresses(tmp_path: Path, issuer: str) -> None:
    shared = SIGN_IN | {"SIGN_IN_ISSUER": issuer}
    assert named(live(tmp_path, **shared, SIGN_IN_TRUST_ADDRESSES="yes")) == {
        "SIGN_IN_TRUST_ADDRESSES"
    }
    assert not valid(live(tmp_path, **shared)).sign_in_trust_addresses
    own = SIGN_IN | {
        "SIGN_IN_ISSUER": "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/"
        "v2.0"
    }
    assert valid(live(tmp_path, **own, SIGN_IN_TRUST_ADDRESSES="yes")).sign_in_trust_addresses


def test_addresses_and_domains_are_read_as_they_are_compared(tmp_path: Path) -> None:
    settings = valid(
        live(
            tmp_path,
            **SIGN_IN,
            SIGN_IN_FIRST_ADMIN=" Ann@Agency.example ",
            SIGN_IN_DOMAINS="@Agency.example, other.example,\N{KELVIN SIGN}.example",
        )
    )
    assert settings.sign_in_first_admin == "ann@agency.example"
    # The last one looks like k.example, which it is not.
    domains = ("agency.example", "other.example", "\N{KELVIN SIGN}.example")
    assert settings.sign_in_domains == domains


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIGN_IN_FIRST_ADMIN", "ann"),
        ("SIGN_IN_FIRST_ADMIN", "ann@agency"),
        ("SIGN_IN_FIRST_ADMIN", "ann@agency.example, ben@agency.example"),
        ("SIGN_IN_DOMAINS", "agency"),
        ("SIGN_IN_DOMAINS", "ann@agency.example"),
        ("SIGN_IN_DOMAINS", "agency.example other.example"),
        ("SIGN_IN_DOMAINS", "agency.example, Gmail.com"),
        ("SIGN_IN_CLIENT_ID", "page keeper"),
        ("SIGN_IN_CLIENT_SECRET", "sécret-of-nobody"),
        ("SIGN_IN_ADDRESS_CLAIM", "e mail"),
        ("SIGN_IN_TRUST_ADDRESSES", "true"),
    ],
)
def test_a_slip_in_the_sign_in_is_told_by_name_and_never_repeated(
    tmp_path: Path, name: str, value: str
) -> None:
    report = live(tmp_path, **SIGN_IN | {name: value})
    assert named(report) == {name}
    assert row(report, name).state == "wrong"
    assert value not in repr(report)


def test_the_secret_of_the_sign_in_is_shown_nowhere(tmp_path: Path) -> None:
    secret = SIGN_IN["SIGN_IN_CLIENT_SECRET"]
    report = live(tmp_path, **SIGN_IN)
    assert secret in valid(report).secrets
    assert secret not in repr(report)
    assert row(report, "SIGN_IN_CLIENT_SECRET").shown == "set, not shown"
    assert row(report, "SIGN_IN_CLIENT_ID").shown == "pagekeeper"
    same = live(tmp_path, **SIGN_IN | {"SIGN_IN_CLIENT_SECRET": LIVE["STATE_TOKEN_SECRET"]})
    assert named(same) == {"SIGN_IN_CLIENT_SECRET"}


# Workers


def test_the_dashboard_does_the_jobs_unless_workers_do(tmp_path: Path) -> None:
    assert valid(live(tmp_path)).workers == valid(read_settings({}, tmp_path)).workers
    assert valid(live(tmp_path)).workers == "dashboard"
    database = {"DATABASE_URL": "postgresql+psycopg://u:p@h/d"}
    assert valid(live(tmp_path, **database)).workers == "dashboard"
    assert valid(live(tmp_path, **database, WORKERS="procrastinate")).workers == "procrastinate"


def test_workers_need_what_several_machines_reach(tmp_path: Path) -> None:
    sandbox = {"DATABASE_URL": "postgresql+psycopg://u:p@h/d", "WORKERS": "procrastinate"}
    for report, sentence in (
        (live(tmp_path, WORKERS="redis"), "Write dashboard, or procrastinate"),
        (live(tmp_path, WORKERS="procrastinate"), "Workers need a PostgreSQL database"),
        (read_settings(sandbox, tmp_path), "The sandbox is for one machine"),
    ):
        assert named(report) == {"WORKERS"}
        assert row(report, "WORKERS").state == "wrong"
        assert sentence in report.problems[0].sentence


# Facebook's addresses


@pytest.mark.parametrize("app", [LIVE, {}])
def test_a_path_before_every_address_is_refused(tmp_path: Path, app: dict[str, str]) -> None:
    """Streamlit would serve below it; routes, guard and redirect URI start at the root."""
    by_flag = read_settings(app, tmp_path, base_path="/dash")
    by_variable = read_settings({**app, "STREAMLIT_SERVER_BASE_URL_PATH": "dash/"}, tmp_path)
    (tmp_path / ".streamlit").mkdir()
    config = tmp_path / ".streamlit" / "config.toml"
    config.write_text('[server]\nbaseUrlPath = "dash"\n', encoding="utf8")
    by_file = read_settings(app, tmp_path)
    for report in (by_flag, by_variable, by_file):
        assert named(report) == {"server.baseUrlPath"}
        assert "root of a host" in report.problems[0].sentence
    config.write_text("[server]\nport = 8501\n", encoding="utf8")
    assert not {p.name for p in read_settings(app, tmp_path).problems}
    assert not {p.name for p in read_settings(app, tmp_path, base_path="/").problems}


def test_both_addresses_or_neither(tmp_path: Path) -> None:
    graph, dialog = "https://graph.example/api/", "http://127.0.0.1:9000"
    settings = valid(live(tmp_path, FACEBOOK_GRAPH_URL=graph, FACEBOOK_DIALOG_URL=dialog))
    assert (settings.graph_url, settings.dialog_url) == ("https://graph.example/api", dialog)
    assert settings.uses_foreign_graph
    assert named(live(tmp_path, FACEBOOK_GRAPH_URL=graph)) == {"FACEBOOK_DIALOG_URL"}
    assert named(live(tmp_path, FACEBOOK_DIALOG_URL=dialog)) == {"FACEBOOK_GRAPH_URL"}


@pytest.mark.parametrize(
    "url",
    [
        "http://graph.example",
        "graph.example",
        "https://u:p@graph.example",
        "https://graph.example?x=1",
        "https://graph.example/#x",
        "https://graph.example/v26.0",
    ],
)
def test_addresses_that_would_leak_are_refused(tmp_path: Path, url: str) -> None:
    report = live(tmp_path, FACEBOOK_GRAPH_URL=url, FACEBOOK_DIALOG_URL="https://dialog.example")
    assert named(report) == {"FACEBOOK_GRAPH_URL"}


def test_addresses_come_from_the_environment_only(tmp_path: Path) -> None:
    lines = "FACEBOOK_GRAPH_URL=https://g.example\nFACEBOOK_DIALOG_URL=https://d.example\n"
    write_env(tmp_path, lines)
    report = live(tmp_path)
    assert named(report) == {"FACEBOOK_GRAPH_URL", "FACEBOOK_DIALOG_URL"}
    assert "environment" in report.problems[0].sentence
    write_env(tmp_path, "FACEBOOK_GRAPH_URL=\nFACEBOOK_DIALOG_URL=\n")
    assert not valid(live(tmp_path)).uses_foreign_graph


def test_addresses_belong_to_live_mode(tmp_path: Path) -> None:
    report = read_settings({"FACEBOOK_GRAPH_URL": "https://graph.example"}, tmp_path)
    assert (report.mode, named(report)) == ("sandbox", {"FACEBOOK_GRAPH_URL"})


# Secrets


def test_each_secret_is_its_own(tmp_path: Path) -> None:
    same = LIVE["FACEBOOK_APP_SECRET"]
    assert named(live(tmp_path, STATE_TOKEN_SECRET=same)) == {"STATE_TOKEN_SECRET"}
    assert named(live(tmp_path, STATE_TOKEN_SECRET=KEY)) == {"TOKEN_ENCRYPTION_KEYS"}
    keys = f"{OTHER_KEY},{KEY}"
    report = live(tmp_path, STATE_TOKEN_SECRET=KEY, TOKEN_ENCRYPTION_KEYS=keys)
    assert named(report) == {"TOKEN_ENCRYPTION_KEYS"}


def test_the_examples_secrets_are_refused(tmp_path: Path) -> None:
    published = "a-secret-of-the-example-that-is-published"
    example = f"STATE_TOKEN_SECRET={published}\nTOKEN_ENCRYPTION_KEYS={OTHER_KEY}\n"
    (tmp_path / ".env.example").write_text(example)
    assert named(live(tmp_path, STATE_TOKEN_SECRET=published)) == {"STATE_TOKEN_SECRET"}
    keys = f"{KEY},{OTHER_KEY}"
    assert named(live(tmp_path, TOKEN_ENCRYPTION_KEYS=keys)) == {"TOKEN_ENCRYPTION_KEYS"}
    assert named(live(tmp_path, FACEBOOK_APP_SECRET=published)) == {"FACEBOOK_APP_SECRET"}


def test_the_example_as_it_stands_is_a_working_sandbox(tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text()
    write_env(tmp_path, text)
    (tmp_path / ".env.example").write_text(text)
    assert valid(read_settings({}, tmp_path)).is_sandbox
    # And with an app put into it, it names the secrets that are left to make.
    app = {name: LIVE[name] for name in ("FACEBOOK_APP_ID", "FACEBOOK_APP_SECRET")}
    wanted = {"STATE_TOKEN_SECRET", "TOKEN_ENCRYPTION_KEYS"}
    assert named(read_settings(app, tmp_path)) == wanted


def test_no_secret_is_shown_anywhere(tmp_path: Path) -> None:
    database = "postgresql+psycopg://user:hunter2@db.example/pages?password=hunter3&sslmode=require"
    report = live(tmp_path, DATABASE_URL=database)
    assert "hunter" in valid(report).database_url
    text = repr(report)
    for secret in (*(LIVE[name] for name in LIVE if name != "FACEBOOK_APP_ID"), "hunter"):
        assert secret not in text
    assert row(report, "DATABASE_URL").shown == "postgresql+psycopg://user:***@db.example/pages"
    hidden = {row(report, name).shown for name in LIVE if name != "FACEBOOK_APP_ID"}
    assert hidden == {"set, not shown"}


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(SETTING_NAMES),
        st.text(max_size=30)
        | st.sampled_from(["http://[::1", "sqlite:///", "postgresql+psycopg://[", "v26.0", "yes"])
        | st.text(max_size=20).map("http://".__add__)
        | st.text(max_size=20).map("sqlite:///".__add__),
    )
)
def test_no_value_makes_it_raise(tmp_path: Path, environ: dict[str, str]) -> None:
    report = read_settings(environ, tmp_path)
    assert (report.settings is None) == bool(report.problems)
    assert [row.name for row in report.rows] == list(SETTING_NAMES)


# .env


def write_env(root: Path, content: str | bytes) -> Path:
    path = root / ".env"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(0o600)
    return path


def test_the_environment_beats_the_file(tmp_path: Path) -> None:
    lines = "\n".join(f"{name}={value}" for name, value in LIVE.items())
    write_env(
        tmp_path,
        f"\ufeff{lines}\nFACEBOOK_GRAPH_VERSION='v25.0'\nexport BEHIND_SIGN_IN_PROXY=yes # x\n"
        f"PROXY_SECRET={PROXY_SECRET}\n",
    )
    settings = valid(read_settings({}, tmp_path))
    assert (settings.graph_version, settings.behind_sign_in_proxy) == ("v25.0", True)
    settings = valid(read_settings({"FACEBOOK_GRAPH_VERSION": "v24.0"}, tmp_path))
    assert settings.graph_version == "v24.0"
    # An empty value takes the file's away.
    gone = {"FACEBOOK_APP_ID": "", "FACEBOOK_APP_SECRET": " "}
    assert valid(read_settings(gone, tmp_path)).is_sandbox


def test_values_stand_for_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNOCENT", "x")
    write_env(tmp_path, "STATE_TOKEN_SECRET='${INNOCENT}" + LIVE["STATE_TOKEN_SECRET"] + "'\n")
    settings = valid(live(tmp_path, STATE_TOKEN_SECRET=None))
    assert settings.state_secret == "${INNOCENT}" + LIVE["STATE_TOKEN_SECRET"]


@pytest.mark.parametrize("content", [b"\xff\xfeF\x00", "FACEBOOK_APP_ID=ä".encode("latin-1")])
def test_a_file_that_is_not_utf8_is_told(tmp_path: Path, content: bytes) -> None:
    write_env(tmp_path, content)
    for report in (read_settings({}, tmp_path), live(tmp_path)):
        assert report.mode == "live"  # never the sandbox by a guess
        assert report.settings is None
        assert report.problems[0].name == ".env"
        assert "UTF-8" in report.problems[0].sentence


def test_a_file_that_is_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    report = read_settings({}, tmp_path)
    assert (report.mode, report.problems[0].name) == ("live", ".env")
    assert "folder" in report.problems[0].sentence
    assert not (tmp_path / "data").exists()


def test_a_line_that_makes_no_sense_is_told_by_its_number(tmp_path: Path) -> None:
    write_env(tmp_path, 'A=1\n\nSTATE_TOKEN_SECRET="unterminated\n')
    (problem,) = live(tmp_path).problems
    assert (problem.name, "Line 3" in problem.sentence) == (".env", True)
    assert "unterminated" not in problem.sentence


def test_a_file_that_can_not_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_env(tmp_path, "A=1")

    def refuse(self: Path, encoding: str) -> str:
        raise PermissionError  # as for another user; root may read every file

    monkeypatch.setattr(Path, "read_text", refuse)
    assert live(tmp_path).problems[0].name == ".env"


def test_files_that_others_can_read_are_warned_of(tmp_path: Path) -> None:
    write_env(tmp_path, "").chmod(0o640)
    settings = valid(read_settings({}, tmp_path))
    database = Path(settings.database_url.removeprefix("sqlite:///"))
    database.touch()
    database.chmod(0o604)
    (tmp_path / "data" / "sandbox-secrets.json").chmod(0o644)
    report = read_settings({}, tmp_path)
    valid(report)
    assert {w.name for w in report.warnings} == {".env", "sandbox-secrets.json", "sandbox.db"}
    assert all(warning.sentence.find("chmod 600 /") > 0 for warning in report.warnings)
    for path in (tmp_path / ".env", database, tmp_path / "data" / "sandbox-secrets.json"):
        path.chmod(0o600)
    assert read_settings({}, tmp_path).warnings == ()


# The sandbox's secrets


def test_the_sandboxs_secrets_are_made_once_and_kept_private(tmp_path: Path) -> None:
    first, second = valid(read_settings({}, tmp_path)), valid(read_settings({}, tmp_path))
    assert first == second
    data = tmp_path / "data"
    assert data.stat().st_mode & 0o777 == 0o700
    (file,) = data.iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == ("sandbox-secrets.json", 0o600)
    elsewhere = valid(read_settings({}, tmp_path / "elsewhere"))
    assert elsewhere.state_secret != first.state_secret
    assert elsewhere.encryption_keys != first.encryption_keys


def test_the_sandbox_ignores_the_secrets_of_live_mode(tmp_path: Path) -> None:
    environ = {name: LIVE[name] for name in ("STATE_TOKEN_SECRET", "TOKEN_ENCRYPTION_KEYS")}
    report = read_settings({**environ, "FACEBOOK_CONFIG_ID": "12345"}, tmp_path)
    settings = valid(report)
    assert settings.state_secret != LIVE["STATE_TOKEN_SECRET"]
    assert settings.encryption_keys != (KEY,)
    assert settings.config_id is None
    assert "not used" in row(report, "STATE_TOKEN_SECRET").sentence


def test_of_a_race_one_wins_and_all_read_the_same(tmp_path: Path) -> None:
    for number in range(20):
        data = tmp_path / str(number) / "data"
        gate = threading.Barrier(4)

        def race(data: Path = data, gate: threading.Barrier = gate) -> dict[str, str]:
            gate.wait()
            return load_or_make_sandbox_secrets(data)

        with ThreadPoolExecutor(4) as pool:
            runs = [pool.submit(race) for _ in range(4)]
            first, *others = [run.result() for run in runs]
        assert others == [first] * 3
        assert [path.name for path in data.iterdir()] == ["sandbox-secrets.json"]


@pytest.mark.parametrize("content", ["", "[]", '{"app_secret":1}', "\xff"])
def test_damaged_secrets_are_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sandbox-secrets.json").write_bytes(content.encode("latin-1"))
    report = read_settings({}, tmp_path)
    assert named(report) == {"data/sandbox-secrets.json"}
    assert report.mode == "sandbox"


def test_a_data_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert named(read_settings({}, tmp_path)) == {"data/sandbox-secrets.json"}
