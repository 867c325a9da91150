"""The screen of a return from Facebook: every way it can end, the check, and Save."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from fb.jobs import sandbox_history
from fb.login import preview as login_preview
from fb.login import save as login
from fb.login import start as connect
from fb.login.attempt import AttemptGone
from fb.login.preview import AttemptView, MissingPage, Preview, PreviewPage
from fb.login.save import PreviewOvertaken
from fb.login.start import ReturnRefused
from pages.connect import steps
from pages.text import formats, wording
from pages.ui.links import initial_tile
from storage.accounts.seen_pages import Sighting
from tests.present import ago
from tests.screens.conftest import HOSTILE, NOW, Stage, links_of, make_run, words_of

ATTEMPT = "a" * 32
RETURN: dict[str, str | list[str]] = {"code": "the-code", "state": "the-state"}
CHECK = "Check before saving"


def make_page(number: int, **changes: Any) -> PreviewPage:
    page = PreviewPage(
        id=str(10**17 + number),
        name=f"Page {number}",
        category="Bakery",
        fans=1000 + number,
        state="new",
        usability="usable",
        reasons=(),
    )
    return replace(page, **changes)


def make_preview(*pages: PreviewPage, **changes: Any) -> Preview:
    preview = Preview(
        account_id="1",
        account_name="Anna Keller",
        is_known_account=False,
        other_accounts=(),
        pages=pages,
        missing=(),
        declined=(),
        basic_only=False,
        digest="d1",
    )
    return replace(preview, **changes)


def ready(preview: Preview) -> AttemptView:
    return AttemptView(
        "ready",
        account_name=preview.account_name,
        preview=preview,
        preview_expires_at=NOW + timedelta(minutes=30),
    )


class Attempts:
    """Stands in for the use cases: shows ``view``, remembers what was asked of it."""

    def __init__(self) -> None:
        self.view = AttemptView("unknown")
        self.saved: list[tuple[frozenset[str], str]] = []
        self.discarded = 0
        self.refusal: Exception | None = None
        self.returns: list[dict[str, tuple[str, ...]]] = []
        self.refused: ReturnRefused | None = None

    def get_view(self, *_args: Any, **_more: Any) -> AttemptView:
        return self.view

    def save(
        self, *_args: Any, page_ids: frozenset[str], digest: str, **_more: Any
    ) -> dict[str, Any]:
        if self.refusal is not None:
            raise self.refusal
        self.saved.append((page_ids, digest))
        outcome = {
            "account_name": "Anna Keller",
            "saved": len(page_ids),
            "added": len(page_ids),
            "reads_figures": True,
        }
        self.view = AttemptView("saved", outcome=outcome, ended_at=NOW)
        return outcome

    def leave_out(self, *args: Any, **_more: Any) -> None:
        if self.refusal is not None:
            raise self.refusal
        page_ids, preview = args[-1], self.view.preview
        assert preview is not None
        assert page_ids != preview.left_out, "said when it has changed, and then once"
        pages = [replace(page, is_left_out=page.id in page_ids) for page in preview.pages]
        self.view = replace(self.view, preview=replace(preview, pages=tuple(pages)))

    def discard(self, *_args: Any, **_more: Any) -> None:
        self.discarded += 1
        self.view = AttemptView("discarded", ended_at=NOW)

    def accept_return(self, _installation: Any, parameters: Any, *_args: Any, **_more: Any) -> str:
        self.returns.append(dict(parameters))
        if self.refused is not None:
            raise self.refused
        return ATTEMPT


@pytest.fixture
def attempts(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Attempts:
    fake = Attempts()
    monkeypatch.setattr(login_preview, "get_view", fake.get_view)
    for name in ("save", "leave_out", "discard"):
        monkeypatch.setattr(login, name, getattr(fake, name))
    monkeypatch.setattr(connect, "accept_return", fake.accept_return)
    monkeypatch.setattr(sandbox_history, "make_history", lambda _installation, **_more: False)
    return fake


def open_attempt(stage: Stage) -> AppTest:
    return stage.open("connect", {"attempt": ATTEMPT})


@pytest.fixture
def checked(stage: Stage, attempts: Attempts) -> AppTest:
    """The check of one Page, before Save."""
    attempts.view = ready(make_preview(make_page(1)))
    return open_attempt(stage)


def press_save(at: AppTest) -> None:
    """Press Save: a timer of the browser brings the run that saves after the one that says so."""
    at.button(key="save").click().run()
    at.run()


def go_back(at: AppTest) -> None:
    """Have the address of Facebook's answer again."""
    at.query_params.clear()
    for name, value in RETURN.items():
        at.query_params[name] = value
    at.run()


# The way back.


def test_a_return_is_taken_once_and_leaves_the_address(stage: Stage, attempts: Attempts) -> None:
    attempts.view = ready(make_preview(make_page(1)))
    at = stage.open("connect", RETURN)
    assert at.title[0].value == CHECK
    assert at.query_params == {"attempt": ATTEMPT}
    at.run()
    assert len(attempts.returns) == 1


def test_going_back_to_the_spent_address_shows_the_same_attempt(
    stage: Stage, attempts: Attempts
) -> None:
    attempts.view = ready(make_preview(make_page(1)))
    at = stage.open("connect", RETURN)
    attempts.refused = ReturnRefused("used", ATTEMPT)
    go_back(at)
    assert at.title[0].value == CHECK
    # The address is left alone, so that the next Back leaves.
    assert at.query_params == RETURN


def test_repeated_parameters_reach_the_judge_as_they_came(stage: Stage, attempts: Attempts) -> None:
    attempts.refused = ReturnRefused("repeated")
    stage.open("connect", {"code": ["one", "two"], "state": "s"})
    assert attempts.returns == [{"code": ("one", "two"), "state": ("s",)}]


@pytest.mark.parametrize("kind", sorted(wording.REFUSALS))
def test_each_refusal_is_a_title_a_sentence_and_a_way_on(
    stage: Stage, attempts: Attempts, kind: str
) -> None:
    attempts.refused = ReturnRefused(kind)
    at = stage.open("connect", {**RETURN, "error_description": "Evil", "error_message": "Evil"})
    expected = wording.for_refusal(kind)
    assert not at.exception
    assert [title.value for title in at.title] == [expected.title]
    said = words_of(at)
    assert expected.sentence in said
    assert expected.step is not None
    assert expected.step.label in said
    assert "Evil" not in said


def test_the_number_of_an_error_without_a_state_is_shown(stage: Stage, attempts: Attempts) -> None:
    attempts.refused = ReturnRefused("error", code=1349126)
    at = stage.open("connect", {"error_code": "1349126"})
    attempts.refused = ReturnRefused("nothing")
    at.run()
    said = words_of(at)
    assert "(code 1349126)" in said
    assert "cancelled, or Facebook does not let this app ask you yet: ask the person who" in said
    assert "Start again" in said


def test_a_refused_answer_leaves_the_address_and_its_reason_stays(
    stage: Stage, attempts: Attempts
) -> None:
    attempts.refused = ReturnRefused("expired")
    at = stage.open("connect", RETURN)
    assert at.query_params == {}
    attempts.refused = ReturnRefused("nothing")
    at.run()
    assert at.title[0].value == wording.REFUSALS["expired"].title
    # Back shows the same, and pushes no second address in its way.
    attempts.refused = ReturnRefused("expired")
    go_back(at)
    assert at.title[0].value == wording.REFUSALS["expired"].title
    assert at.query_params == RETURN


def test_with_a_wrong_key_nothing_is_opened_and_an_answer_waits_in_the_address(
    stage: Stage, attempts: Attempts
) -> None:
    stage.installation.keys = replace(stage.installation.keys, ok=False)
    at = stage.open("connect", RETURN)
    assert at.title[0].value == wording.WRONG_KEY.title
    assert words_of(at).count(wording.WRONG_KEY.title) == 1  # without the frame's banner
    assert at.query_params == RETURN
    assert attempts.returns == []


# How an attempt stands.


@pytest.mark.parametrize(
    "status",
    ["open", "discarded", "interrupted", "expired", "other_browser", "unknown", "something new"],
)
def test_each_end_of_an_attempt_has_its_screen(
    stage: Stage, attempts: Attempts, status: str
) -> None:
    attempts.view = AttemptView(status)
    at = open_attempt(stage)
    assert at.title[0].value == wording.for_attempt(status).title
    assert "/oauth/start" in words_of(at)


def test_a_failed_attempt_names_code_and_trace(stage: Stage, attempts: Attempts) -> None:
    failure = {"kind": "Refused", "code": 1234, "subcode": None, "trace_id": "AbC"}
    attempts.view = AttemptView("failed", failure=failure)
    assert "with code 1234 (trace AbC)" in words_of(open_attempt(stage))


def test_reading_shows_how_far_it_is(stage: Stage, attempts: Attempts) -> None:
    attempts.view = AttemptView(
        "reading",
        account_name="Anna *Keller*",
        step="listing",
        pages_read=300,
        pages_total=1240,
        access_until=NOW + timedelta(days=60),
    )
    at = open_attempt(stage)
    assert at.title[0].value == "Reading your Pages from Facebook"
    assert at.get("progress")[0].proto.text == "300 of 1,240 Pages read"
    said = words_of(at)
    assert r"Signed in to Facebook as Anna \*Keller\*." in said
    assert f"valid until {formats.day(ago(-60))}" in said


def test_reading_that_takes_unusually_long_says_so(stage: Stage, attempts: Attempts) -> None:
    attempts.view = AttemptView("reading")
    at = open_attempt(stage)
    assert wording.SLOW not in words_of(at)
    attempts.view = AttemptView("reading", is_slow=True)
    at.run()
    assert wording.SLOW in words_of(at)


@pytest.mark.parametrize(
    ("step", "marks"),
    [
        (None, ["progress_activity", "more_horiz", "more_horiz"]),
        ("exchange", ["progress_activity", "more_horiz", "more_horiz"]),
        ("identity", ["check", "progress_activity", "more_horiz"]),
        ("listing", ["check", "check", "progress_activity"]),
    ],
)
def test_the_steps_of_a_reading(step: str | None, marks: list[str]) -> None:
    shown = steps(AttemptView("reading", step=step))
    assert [icon.strip(":").split("/")[1] for icon, _ in shown] == marks


def test_reading_that_ended_meanwhile_shows_the_preview(
    stage: Stage, attempts: Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = iter([AttemptView("reading"), ready(make_preview(make_page(1)))])
    last = ready(make_preview(make_page(1)))
    monkeypatch.setattr(login_preview, "get_view", lambda *_args, **_more: next(views, last))
    assert open_attempt(stage).title[0].value == CHECK


# The check.


def test_the_preview_says_who_gives_what_and_until_when(stage: Stage, attempts: Attempts) -> None:
    attempts.view = ready(
        make_preview(
            make_page(1),
            make_page(2, state="kept"),
            make_page(3, usability="cannot_be_used", reasons=("no_access",)),
            make_page(4, usability="works_in_part", reasons=("no_analyze", "not_published")),
            account_name=HOSTILE,
            is_known_account=True,
            missing=(MissingPage("9", HOSTILE),),
            declined=("read_insights",),
        )
    )
    at = open_attempt(stage)
    assert [(m.label, m.value) for m in at.metric] == [
        ("New", "2"),
        ("Kept, access renewed", "1"),
        ("Missing now", "1"),
        ("Can't be used", "1"),
    ]
    said = words_of(at)
    assert f"This list is kept until {formats.clock(NOW + timedelta(minutes=30))}." in said
    assert ":material/delete:" not in said
    assert "1 Page is missing" in [warning.proto.title for warning in at.warning]
    assert "Without `read_insights` there are no views" in said
    lost, partly = (line for line in said.splitlines() if line.startswith(("**Page 3", "**Page 4")))
    assert "no access for it" in lost
    assert "not published" in partly
    assert "Save 3 Pages" in said


def test_another_person_is_pointed_out(stage: Stage, attempts: Attempts) -> None:
    attempts.view = ready(
        make_preview(make_page(1), account_name="Ben Ortiz", other_accounts=("Anna Keller",))
    )
    at = open_attempt(stage)
    assert at.info[0].proto.title == "You are signed in to Facebook as Ben Ortiz"
    assert "both are kept" in at.info[0].value
    assert "Anna Keller stays connected" in at.info[0].value
    assert ">Start again</a>" in words_of(at)


def test_another_person_than_the_renewed_one_is_asked_about_before_save(
    stage: Stage, attempts: Attempts
) -> None:
    asked = make_preview(
        make_page(1),
        account_name="Ben *Ortiz*",
        other_accounts=("Anna Keller",),
        expected_account="Anna <b>Keller",
    )
    attempts.view = replace(ready(asked), renews=7)
    at = open_attempt(stage)
    assert at.warning[0].proto.title.startswith(r"You are signed in to Facebook as Ben \*Ortiz\*;")
    assert not at.info, "said once"
    said = words_of(at)
    assert 'href="/oauth/start?renew=7">Start again as Anna <b>Keller</a>' in said  # unescaped here
    assert at.button(key="save").disabled
    at.checkbox[0].check().run()
    assert at.checkbox[0].label == r"Connect Ben \*Ortiz\* as another account"
    press_save(at)
    assert len(attempts.saved) == 1


def test_a_renewal_is_shown_as_a_difference(stage: Stage, attempts: Attempts) -> None:
    held = make_page(2, state="kept", is_held=True)
    lost = make_page(3, is_held=True, usability="cannot_be_used", reasons=("no_access",))
    renewal = make_preview(
        make_page(1, name="Café *x*"),
        held,
        lost,
        is_known_account=True,
        missing=(MissingPage("9", "Optik Keller"),),
    )
    attempts.view = ready(renewal)
    at = open_attempt(stage)
    assert at.checkbox == []
    assert (
        r"Saving **keeps 1 Page**, **adds 1** (Café \*x\*) and **would drop 2** (Optik Keller and "
        "Page 3)."
    ) in words_of(at)
    assert at.data_editor[0].value["tick"].all(), "nothing is dropped by default"
    untick(at, list(at.data_editor[0].value["page"]).index(held.name))
    assert "**keeps 0 Pages**" in words_of(at)
    assert "**would drop 3** (Optik Keller, Page 3 and Page 2)" in words_of(at)


def test_pages_that_facebook_only_named_are_said_with_the_reason(
    stage: Stage, attempts: Attempts
) -> None:
    seen = (Sighting("8", HOSTILE, "not_ticked"), Sighting("9", "Café", "in_portfolio"))
    attempts.view = ready(make_preview(make_page(1), seen=seen))
    at = open_attempt(stage)
    said = words_of(at)
    assert "**Not ticked (1)** – " in said
    assert "**In a portfolio (1)** – Café. Of a business portfolio of Anna Keller," in said
    assert ":material/delete:" not in said
    assert any("A Page is missing?" in label for label in links_of(at))


def test_an_archived_page_in_the_preview_stays_archived(stage: Stage, attempts: Attempts) -> None:
    pages = [make_page(1), make_page(2, state="kept", name="Café *x*", is_archived=True)]
    attempts.view = ready(make_preview(*pages))
    at = open_attempt(stage)
    assert at.info[0].proto.title == "1 Page archived here"
    assert at.info[0].value.startswith("Café \\*x\\* stays archived. Its access is renewed")
    assert "Save 2 Pages" in words_of(at)


def test_names_only_are_explained_once(stage: Stage, attempts: Attempts) -> None:
    pages = [
        make_page(n, usability="works_in_part", reasons=("needs_pages_read_engagement",))
        for n in range(3)
    ]
    attempts.view = ready(make_preview(*pages, basic_only=True))
    at = open_attempt(stage)
    assert at.warning[0].proto.title == "Facebook gave out names only"
    assert not any("Not fully usable" in header.value for header in at.header)


def test_a_declined_permission_and_a_reason_of_every_page_stand_once(
    stage: Stage, attempts: Attempts
) -> None:
    both = ("needs_pages_read_engagement", "no_analyze")
    pages = [make_page(n, usability="works_in_part", reasons=both, fans=None) for n in range(6)]
    pages[5] = replace(pages[5], reasons=(*both, "not_published"))
    declined = ("pages_read_engagement",)
    attempts.view = ready(make_preview(*pages, basic_only=True, declined=declined))
    at = open_attempt(stage)
    said = words_of(at)
    assert [warning.proto.title for warning in at.warning] == ["1 permission was declined"]
    assert said.count("Views and engagement need the Insights permission") == 1
    assert "**Every Page** – Views and engagement need" in said
    own = [line for line in said.splitlines() if line.startswith("**Page ")]
    assert own == ["**Page 5** – The Page is not published. Its figures may stand still."]
    assert "Names only" in said
    assert "ollowers work" not in said


def test_many_reasons_are_a_table(stage: Stage, attempts: Attempts) -> None:
    pages = [make_page(n, usability="works_in_part", reasons=("not_published",)) for n in range(30)]
    attempts.view = ready(make_preview(*pages, make_page(31)))
    reasons = open_attempt(stage).dataframe[0].value
    assert len(reasons) == 30
    assert "not published" in reasons["why"].iloc[0]


def test_access_without_any_page_offers_the_chooser(stage: Stage, attempts: Attempts) -> None:
    attempts.view = ready(make_preview(missing=(MissingPage("9", "Optik Keller"),)))
    at = open_attempt(stage)
    assert at.title[0].value == "Facebook gave access, but no Page"
    assert at.warning[0].proto.title == "1 Page is missing"
    said = words_of(at)
    assert "Open Facebook's page chooser again" in said
    assert "Save" not in said.replace("saved", "")
    at.button(key="discard").click().run()
    assert attempts.discarded == 1


def test_every_usable_page_is_ticked_and_names_are_cells(stage: Stage, attempts: Attempts) -> None:
    usable = [make_page(n, name=HOSTILE) for n in range(60)]
    unusable = make_page(99, usability="cannot_be_used", reasons=("no_access",))
    turned = make_page(98, name="\u202eMode\u202c Rück", fans=9_999)
    attempts.view = ready(make_preview(turned, *usable, unusable))
    at = open_attempt(stage)
    table = at.data_editor[0].value
    assert len(table) == 25
    assert table["tick"].all()
    assert table["page"].tolist() == ["Mode Rück"] + [HOSTILE] * 24
    press_save(at)
    assert attempts.saved == [(frozenset(page.id for page in (turned, *usable)), "d1")]


def untick(at: AppTest, *rows: int) -> AppTest:
    """Untick rows of the table on screen, as the browser would report it."""
    at.session_state[str(at.data_editor[0].key)] = {
        "edited_rows": {row: {"tick": False} for row in rows},
        "added_rows": [],
        "deleted_rows": [],
    }
    return at.run()


def test_ticks_survive_paging_and_filtering_and_decide_what_is_saved(
    stage: Stage, attempts: Attempts
) -> None:
    pages = [make_page(n, fans=10_000 - n) for n in range(60)]
    kept = make_page(99, state="kept")
    attempts.view = ready(make_preview(*pages, kept))
    at = untick(open_attempt(stage), 0, 2)
    at.pagination[0].set_value(2).run()
    assert at.data_editor[0].value["tick"].all()
    untick(at, 1)
    at.pagination[0].set_value(1).run()
    assert list(at.data_editor[0].value["tick"][:4]) == [False, True, False, True]
    at.segmented_control[0].set_value("new").run()
    assert list(at.data_editor[0].value["tick"][:4]) == [False, True, False, True]
    assert "Save 58 Pages" in words_of(at)
    press_save(at)
    page_ids, digest = attempts.saved[0]
    unsaved = {pages[0].id, pages[2].id, pages[26].id}
    assert page_ids == {page.id for page in (*pages, kept)} - unsaved
    assert digest == "d1"


def test_a_tick_that_comes_too_late_shows_how_it_ended(stage: Stage, attempts: Attempts) -> None:
    attempts.view = ready(make_preview(make_page(1), make_page(2)))
    at = open_attempt(stage)
    attempts.refusal = AttemptGone("expired")
    untick(at, 0)
    assert "Save 1 Page" in words_of(at)
    attempts.view = AttemptView("expired")
    assert wording.for_attempt("expired").title in words_of(at.run())


def test_untick_all_leaves_nothing_to_save(stage: Stage, attempts: Attempts) -> None:
    attempts.view = ready(make_preview(*(make_page(n) for n in range(60))))
    at = open_attempt(stage)
    at.button(key="untick-all").click().run()
    assert at.button(key="save").disabled
    assert not at.data_editor[0].value["tick"].any()
    at.button(key="tick-all").click().run()
    assert not at.button(key="save").disabled


def test_a_search_narrows_the_list_and_what_is_ticked_with_it(
    stage: Stage, attempts: Attempts
) -> None:
    pages = [make_page(n, fans=10_000 - n) for n in range(30)]
    pages += [make_page(91, name="Café Süd"), make_page(90, name="CAFE Nord")]
    attempts.view = ready(make_preview(*pages))
    at = untick(open_attempt(stage), 0)
    at.text_input[0].set_value("cafe").run()
    assert list(at.data_editor[0].value["page"]) == ["Café Süd", "CAFE Nord"]
    assert not at.pagination
    assert at.button(key="untick-all").label == "Untick these 2"
    at.button(key="untick-all").click().run()
    assert "Will be saved (29)" in words_of(at)
    at.text_input[0].set_value("zzz").run()
    assert not at.data_editor
    assert "No Page has a name like that." in words_of(at)
    assert at.button(key="tick-all").disabled
    at.text_input[0].set_value("").run()
    assert "Save 29 Pages" in words_of(at)
    press_save(at)
    unsaved = {pages[0].id, pages[30].id, pages[31].id}
    assert attempts.saved[0][0] == {page.id for page in pages} - unsaved


def test_a_short_list_has_no_search(stage: Stage, attempts: Attempts) -> None:
    attempts.view = ready(make_preview(*(make_page(n) for n in range(25))))
    assert not open_attempt(stage).text_input


def test_pages_that_are_stored_have_their_pictures_in_the_list(
    stage: Stage, attempts: Attempts
) -> None:
    attempts.view = ready(make_preview(make_page(1, state="kept"), make_page(2)))
    new, kept = open_attempt(stage).data_editor[0].value["picture"]
    assert kept == f"/pictures/{10**17 + 1}"
    assert new == initial_tile(str(10**17 + 2), "Page 2"), "as the route draws it until then"


def test_a_very_long_name_is_cut_in_a_sentence(stage: Stage, attempts: Attempts) -> None:
    attempts.view = ready(
        make_preview(make_page(1), make_page(2, name="Long " * 60, reasons=("no_analyze",)))
    )
    (line,) = [text for text in words_of(open_attempt(stage)).split("\n") if "Long" in text]
    assert "…" in line
    assert line.count("Long") == 12


# Save and Discard.


def test_save_is_answered_before_anything_is_saved(attempts: Attempts, checked: AppTest) -> None:
    checked.button(key="save").click().run()
    assert checked.title[0].value == "Saving your Pages"
    assert "Saving 1 Page of Anna Keller" in words_of(checked)
    assert "Nothing is saved yet" not in words_of(checked)
    assert attempts.saved == []


def test_save_leads_to_overview(checked: AppTest) -> None:
    press_save(checked)
    assert not checked.exception
    assert checked.title[0].value != CHECK
    assert [toast.value for toast in checked.toast] == ["Anna Keller is connected with 1 Page."]


def test_the_first_save_in_the_sandbox_waits_for_its_history(
    stage: Stage, checked: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    running = make_run(started_by="history", steps_done=40, steps_total=90)
    monkeypatch.setattr(sandbox_history, "make_history", lambda each, **_more: made.append(each))
    monkeypatch.setattr(sandbox_history, "find_progress", lambda _: running if made else None)
    press_save(checked)
    assert made == [stage.installation]
    assert checked.get("progress")[0].proto.text == "Making 90 days of history… 40 of 90"


def test_save_stands_for_the_difference_that_was_on_the_screen(
    attempts: Attempts, checked: AppTest
) -> None:
    # Another tab saved since: the run that the press begins would draw this already.
    attempts.view = ready(make_preview(make_page(1), digest="d2"))
    press_save(checked)
    assert [digest for _, digest in attempts.saved] == ["d1"]


def test_a_second_save_shows_the_first_one(attempts: Attempts, checked: AppTest) -> None:
    """The other tab saved between the drawing and the press."""
    attempts.refusal = AttemptGone("saved")
    attempts.view = AttemptView("saved", outcome={"saved": 57}, ended_at=NOW)
    press_save(checked)
    assert not checked.exception
    assert checked.title[0].value == "57 Pages are connected"
    assert f"57 Pages were saved at {formats.clock(NOW)}." in words_of(checked)
    assert "Go to Overview" in words_of(checked)


def test_an_overtaken_preview_is_shown_anew(attempts: Attempts, checked: AppTest) -> None:
    attempts.refusal = PreviewOvertaken()
    press_save(checked)
    assert not checked.exception
    assert checked.title[0].value == CHECK
    assert checked.warning[0].proto.title == wording.OVERTAKEN.title
    assert attempts.saved == []
