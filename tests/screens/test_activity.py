"""Activity: refreshes newest first with their results, the reasons of failures, and events."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from typing import Any

from pages import activity
from pages.parts.activity import events_list
from pages.text import formats
from storage.accounts.grants import find_grant_by_account
from storage.export.ledger_file import export_ledger
from storage.jobs.events import EventFilter, record_event
from storage.jobs.rate_limits import Limit, store_limit
from storage.jobs.runs import SNAPSHOTS, add_progress, start_run
from storage.ledger.verification import verify_ledger
from storage.models import JobFailure, JobRun, Page
from storage.notes.tags import create_tag
from storage.people.person import THIS_COMPUTER, Role, command_line
from tests.integration.figures.figure_rows import add_grant
from tests.screens.conftest import HOSTILE, NOW, Stage, words_of
from tests.screens.figures import connect, day_of, give_page, rising


def add_run(stage: Stage, number: int, **changes: Any) -> None:
    started: datetime = NOW - timedelta(hours=100 - number)
    facts: dict[str, Any] = {
        "id": number,
        "kind": "snapshots",
        "started_by": "daily",
        "day": date(2026, 11, 22),
        "started_at": started,
        "finished_at": started,
        "status": "done",
        "pages_total": 140,
        "pages_done": 140,
        "pages_failed": 0,
        "steps_total": 0,
        "steps_done": 0,
        "values_count": 0,
    }
    with stage.installation.database.writing() as session:
        session.add(JobRun(**{**facts, **changes}))


def add_failure(stage: Stage, run_id: int, number: int, kind: str, **facts: Any) -> None:
    with stage.installation.database.writing() as session:
        ben = find_grant_by_account(session, "Ben Ortiz")
        grant_id = ben.id if ben else add_grant(session, "Ben Ortiz", account_name="Ben Ortiz")
        session.add(Page(id=str(number), name=HOSTILE, first_seen_at=NOW, described_at=NOW))
        session.flush()
        session.add(
            JobFailure(run_id=run_id, page_id=str(number), grant_id=grant_id, kind=kind, **facts)
        )


def test_an_empty_installation_says_when_the_first_refresh_comes(stage: Stage) -> None:
    at = stage.open("activity")
    assert "No refresh yet." in words_of(at)
    assert "Nothing was done yet." in words_of(at)
    assert "kept for 730 days, sign-ins at Facebook for 30 days" in words_of(at)


def test_refreshes_are_listed_newest_first(stage: Stage) -> None:
    for number in range(1, 31):
        add_run(stage, number)
    add_run(stage, 31, started_by="manual", pages_done=138, pages_failed=2)
    at = stage.open("activity")
    table = at.dataframe[0].value
    assert len(table) == 25
    assert table["result"].iloc[0] == ":material/error: 2 of 140 failed"
    assert table["what"].iloc[0] == "Refresh now"
    assert table["result"].iloc[1] == "140 Pages"
    at.pagination[0].set_value(2).run()
    assert len(at.dataframe[0].value) == 6


def test_a_failed_refresh_opens_the_list_of_reasons(stage: Stage) -> None:
    add_run(stage, 1, pages_done=138, pages_failed=2)
    add_failure(stage, 1, 7, "AccessEnded", code=190, subcode=460)
    add_failure(stage, 1, 8, "Refused", code=1234, trace_id="AbC")
    at = stage.open("activity")
    at.button(key="failed-run-1").click().run()
    assert at.query_params == {"run": "1"}
    reasons = at.dataframe[0].value
    assert list(reasons["page"]) == [HOSTILE, HOSTILE]
    assert "Facebook reports that Ben Ortiz's password was changed and ended this access." in list(
        reasons["why"]
    )
    assert "Facebook refused with code 1234 (trace AbC)." in list(reasons["why"])
    at.button(key="close-run").click().run()
    assert at.query_params == {}


def test_days_without_figures_say_why(stage: Stage) -> None:
    fans: dict[int, int | None] = dict(rising(1000, 10))
    for number in (3, 4, 6):
        del fans[number]
    give_page(stage, "104", fans, grant_id=connect(stage))
    assert "Days without figures" in words_of(stage.open("activity"))
    add_run(stage, 1, day=day_of(0))
    add_run(stage, 2, day=day_of(6), status="stopped", reason_code=4)
    said = words_of(stage.open("activity"))
    assert f"- **{formats.day(day_of(6))}**: Facebook's limit was reached" in said
    since_and_until = formats.span(day_of(3), day_of(4))
    assert f"- **{since_and_until}**: Pagekeeper was not running" in said


def test_an_address_of_no_refresh_is_no_error(stage: Stage) -> None:
    add_run(stage, 1)
    for text in ("x", "9" * 30, "²"):
        assert not stage.open("activity", {"run": text}).exception
    assert "That refresh is not known here." in words_of(stage.open("activity", {"run": "2"}))
    assert "No Page was refused." in words_of(stage.open("activity", {"run": "1"}))


def test_a_refresh_under_way_shows_how_far_it_is(stage: Stage) -> None:
    with stage.installation.database.writing() as session:
        run_id = start_run(
            session,
            kind=SNAPSHOTS,
            started_by="daily",
            day=NOW.date(),
            pages_total=140,
            now=NOW,
        )
        add_progress(session, run_id, pages_done=30, pages_failed=2)
    at = stage.open("activity")
    assert "32 of 140 Pages" in at.get("progress")[0].proto.text
    assert at.dataframe[0].value["result"].iloc[0] == ":material/error: 32 of 140"


def test_a_limit_of_facebook_is_said_with_its_end(stage: Stage) -> None:
    grant_id = connect(stage)
    with stage.installation.database.writing() as session:
        store_limit(session, Limit(None, 96, NOW + timedelta(hours=1)), NOW)
        store_limit(session, Limit(grant_id, 60, None), NOW)
    words = [info.value for info in stage.open("activity").info]
    assert len(words) == 1, "the other is far from it"
    assert "for this app" in words[0]
    assert "96 % used. Reading goes on at" in words[0]


def test_a_refresh_that_stopped_without_a_word_was_interrupted(stage: Stage) -> None:
    add_run(stage, 1, status="running", pages_done=30, finished_at=None)
    at = stage.open("activity")
    assert at.dataframe[0].value["result"].iloc[0] == "Interrupted after 30 of 140 Pages"


def test_events_are_sentences(stage: Stage) -> None:
    grant_id = connect(stage)
    with stage.installation.database.writing() as session:
        record_event(session, "connected", {"added": 57}, NOW, grant_id=grant_id)
        record_event(session, "needs_renewal", {"code": 190}, NOW, grant_id=grant_id)
        record_event(session, "frozen", {}, NOW, grant_id=grant_id, by=THIS_COMPUTER)
    table = stage.open("activity").dataframe[0].value
    assert list(table["who"]) == ["This computer", "Facebook", "Dashboard"]
    assert list(table["what"]) == [
        "Anna Keller was frozen: no refresh until it is unfrozen",
        "Facebook ended the access of Anna Keller",
        "Anna Keller was connected: 57 added",
    ]


def test_more_events_than_fit_are_paged(stage: Stage) -> None:
    with stage.installation.database.writing() as session:
        tag_id = create_tag(session, "Brand", NOW, by=THIS_COMPUTER)
        for number in range(30):
            facts, when = {"pages": 100 + number}, NOW + timedelta(seconds=number)
            record_event(session, "tagged", facts, when, tag_id=tag_id)
    at = stage.open("activity")
    assert "1–25 of 30, newest first." in words_of(at)
    assert at.dataframe[0].value["what"].iloc[0] == "129 Pages were tagged “Brand”"
    at.pagination(key="events-page").set_value(2).run()
    assert not at.exception
    assert at.dataframe[0].value["what"].iloc[-1] == "100 Pages were tagged “Brand”"
    assert "26–30 of 30, newest first." in words_of(at)


def test_events_are_filtered_in_the_address_and_exported(stage: Stage) -> None:
    grant_id = connect(stage)
    with stage.installation.database.writing() as session:
        tag_id = create_tag(session, "=1+1", NOW, by=THIS_COMPUTER)
        for number in range(30):
            record_event(session, "tagged", {"pages": number}, NOW, tag_id=tag_id)
        record_event(session, "frozen", {}, NOW - timedelta(days=2), grant_id=grant_id)
    at = stage.open("activity")
    at.pagination(key="events-page").set_value(2).run()
    at.selectbox(key="what").set_value("Accounts").run()
    assert list(at.dataframe[0].value["what"]) == [
        "Anna Keller was frozen: no refresh until it is unfrozen"
    ]
    assert "1–1 of 1, newest first." in words_of(at)
    at.selectbox(key="what").set_value("Everything").run()
    assert "1–25 of 31, newest first." in words_of(at), "from the first page on again"
    day = (NOW - timedelta(days=2)).date().isoformat()
    query = {"about": "keller", "from": day, "to": day}
    assert "1–1 of 1" in words_of(stage.open("activity", query))
    assert "fits this" in words_of(stage.open("activity", {"about": "nobody"}))
    with stage.installation.database.reading() as session:
        content = export_ledger(session, EventFilter(), activity.event, events_list.find_who)
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows) == 31
    assert [row["entry"] for row in rows[:2]] == ["30", "29"]
    assert rows[-1]["account_name"] == "Anna Keller"
    with stage.installation.database.reading() as session:
        assert rows[-1]["digest"] == verify_ledger(session, stage.installation.vault).digest


def test_readings_of_posts_are_a_line_each(stage: Stage) -> None:
    assert "Posts are read once a day" not in words_of(stage.open("activity")), "none yet"
    add_run(stage, 1, kind="posts", posts_new=12, values_count=1204, steps_done=96, steps_total=98)
    add_run(stage, 2, kind="posts", pages_done=100, pages_failed=3)
    add_run(stage, 3, kind="posts", status="running", pages_done=4)
    at = stage.open("activity")
    table = at.dataframe[0].value
    assert list(table["result"]) == [
        "Interrupted after 4 of 140 Pages",
        "100 of 140 Pages; the rest waits for the next day, for Facebook's limits",
        "140 Pages",
    ]
    newest = table.iloc[2]
    names = ("new", "readings", "written", "missed", "refused")
    assert [newest[name] for name in names] == ["12", "1,204", "96", "2", "0"]
    assert table["refused"].iloc[1] == "3"


def test_people_and_sign_ins_are_for_administrators(stage: Stage) -> None:
    person = stage.sign_in("admin")
    with stage.installation.database.writing() as session:
        record_event(session, "signed_in", {}, NOW, by=person)
        record_event(session, "feed_made", {}, NOW, by=person)
    at = stage.open("activity", {"what": events_list.PEOPLE})
    assert list(at.dataframe[0].value["what"]) == [
        "ann@agency.example signed in",
        "ann@agency.example was let in as administrator",
    ]
    roles: tuple[Role, ...] = ("operator", "viewer")
    for role in roles:
        stage.sign_in(role, f"{role}@agency.example")
        at = stage.open("activity", {"what": events_list.PEOPLE, "by": THIS_COMPUTER.key})
        assert events_list.PEOPLE not in at.selectbox(key="what").options
        assert list(at.dataframe[0].value["who"]) == ["ann@agency.example"]
        assert list(at.dataframe[0].value["what"]) == ["A secret calendar address was made"]


def test_viewers_see_what_was_done_and_no_runs(stage: Stage) -> None:
    add_run(stage, 1, pages_done=138, pages_failed=2)
    add_run(stage, 2, kind="posts")
    add_failure(stage, 1, 7, "AccessEnded", code=190)
    stage.sign_in("operator")
    said = words_of(stage.open("activity", {"run": "1"}))
    for heading in ("Refreshes", "Refresh of", "Posts", "KEEP_RUNS_DAYS"):
        assert heading in said
    stage.sign_in("viewer")
    at = stage.open("activity", {"run": "1"})
    assert [header.value for header in at.header] == ["What was done"]
    assert not at.dataframe
    assert "KEEP_RUNS_DAYS" not in words_of(at)


def test_events_are_filtered_by_person_in_the_address(stage: Stage) -> None:
    ann, ben = (stage.sign_in("admin", f"{name}@agency.example") for name in ("ann", "ben"))
    with stage.installation.database.writing() as session:
        for by in (ann, ben, command_line("root")):
            record_event(session, "feed_made", {}, NOW, by=by)
    at = stage.open("activity", {"what": "Warnings"})
    box = at.multiselect(key="events-by")
    assert box.options == [
        "ann@agency.example",
        "ben@agency.example",
        "Command line (root)",
        "This computer",
    ]
    box.set_value([ben.key]).run()
    assert at.query_params["by"] == ben.key
    assert list(at.dataframe[0].value["who"]) == ["ben@agency.example"]
    at.multiselect(key="events-by").set_value([]).run()
    assert "by" not in at.query_params
    assert len(at.dataframe[0].value) == 3
    at = stage.open("activity", {"by": [ann.key, "person:999", "x"], "what": "Warnings"})
    assert list(at.dataframe[0].value["who"]) == ["ann@agency.example"]


def test_a_run_that_was_asked_for_says_what_and_by_whom(stage: Stage) -> None:
    person = stage.sign_in("operator")
    give_page(stage, "104", dict(rising(1000, 3)), name="Café Nord")
    with stage.installation.database.writing() as session:
        record_event(session, "run_asked", {"job": "insights"}, NOW, by=person, page_id="104")
        record_event(session, "run_asked", {"job": "snapshots"}, NOW, by=person)
    table = stage.open("activity", {"what": "Pages"}).dataframe[-1].value
    assert list(table["what"]) == [
        "A refresh was asked for by hand",
        "Views and engagement were asked for by hand for Café Nord",
    ]
    assert set(table["who"]) == {"ann@agency.example"}
