"""One Page's screen: figures, gaps, profile, connection, and the way back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from pages.text import formats
from tests.present import ago
from tests.screens.conftest import NOW, Stage, charts_of, links_of, tiles_of, words_of
from tests.screens.figures import TODAY, connect, day_of, give_page, rising


def texts_of(at: AppTest) -> list[str]:
    return [str(text.value) for text in at.text]


def test_figures_and_profile_of_a_page(stage: Stage) -> None:
    give_page(
        stage,
        "104",
        rising(1000, 10),
        name="Optik Keller",
        grant_id=connect(stage),
        about="Brillen <b>seit</b> 1924",
        website="https://optik.example",
        emails=["a@b.example"],
        location={"street": "Marktstraße 4", "city": "Hamburg"},
        category="*x*",
        graph_version="v26.0",
    )
    at = stage.open("page", {"id": "104"})
    assert [title.value for title in at.title] == ["Optik Keller"]
    assert tiles_of(at)["Fans"] == "1,610"
    assert tiles_of(at)["Net new fans"] == "+280"
    assert tiles_of(at)["Next milestone"] == "2,000"
    assert "+10 a day on average over 28 days." in words_of(at)
    assert "Brillen <b>seit</b> 1924" in texts_of(at)
    assert "Marktstraße 4, Hamburg" in texts_of(at)
    assert texts_of(at).count("–") >= 2
    assert [link.url for link in at.link_button] == ["https://optik.example"]
    assert "\\*x\\*" in words_of(at)
    assert "only Anna Keller holds this Page" in words_of(at)
    assert "Graph v26.0" not in words_of(at)


def test_missing_days_are_bands_and_said(stage: Stage) -> None:
    fans: dict[int, int | None] = dict(rising(1000, 10))
    for number in (3, 4, 5, 10):
        del fans[number]
    give_page(stage, "104", fans, grant_id=connect(stage))
    at = stage.open("page", {"id": "104"})
    assert "4 days have no figures (grey)" in words_of(at)
    assert "They can't be fetched later." in words_of(at)
    chart, _calendar = charts_of(at)
    band = chart["layer"][0]
    assert [row["text"] for row in band["data"]["values"]] == [
        formats.span(day_of(3), day_of(5)),
        formats.day(day_of(10)),
    ]
    at.toggle(key="daily-sources").set_value(True).run()
    (table,) = at.dataframe
    assert table.value["source"].tolist().count("No figures") == 4


@pytest.mark.parametrize(
    ("figure", "chart", "net"),
    [("Fans", "Daily change", "+280"), ("Followers", "% since start", "+28")],
)
def test_both_figures_in_other_views(stage: Stage, figure: str, chart: str, net: str) -> None:
    give_page(stage, "104", rising(1000, 10), rising(3000, 1), grant_id=connect(stage))
    at = stage.open("page", {"id": "104", "figure": figure, "chart": chart})
    assert len(charts_of(at)) == 2
    assert tiles_of(at)[f"Net new {figure.lower()}"] == net


def test_a_page_opened_from_followers_shows_followers(stage: Stage) -> None:
    give_page(stage, "104", rising(1000, 10), grant_id=connect(stage))
    at = stage.open("page", {"id": "104", "from": "metric=Followers"})
    assert "Net new followers" in tiles_of(at)


def test_the_new_pages_experience_explains_twin_figures(stage: Stage) -> None:
    grant_id = connect(stage)
    figures = rising(1000, 10)
    for page_id, followers in (("104", figures), ("105", rising(1001, 10))):
        give_page(
            stage, page_id, figures, followers, grant_id=grant_id, is_new_page_experience=True
        )
    at = stage.open("page", {"id": "104"})
    labels = [str(tile.label) for tile in at.metric]
    assert labels[:2] == ["Fans and followers", "Net new fans"]
    assert "Followers" not in labels
    assert "reports its followers as fans" in at.metric[0].help
    at = stage.open("page", {"id": "105"})
    assert (tiles_of(at)["Fans"], tiles_of(at)["Followers"]) == ("1,610", "1,611")
    assert "reports its followers as fans" in at.metric[0].help


def test_a_dead_connection_says_so_and_keeps_the_figures(stage: Stage) -> None:
    dead = connect(stage, "Ben Ortiz", status="needs_renewal", reason_code=190, reason_subcode=460)
    give_page(stage, "104", rising(1000, 10, range(-60, TODAY - 4)), grant_id=dead)
    at = stage.open("page", {"id": "104"})
    said = words_of(at)
    assert "Ben Ortiz's password was changed" in said
    assert "Renew, signed in with the new password." in said
    assert "**Fans and followers**: Facebook has ended the access. Ben Ortiz can renew it." in said
    assert f"Last figures of {formats.day(ago(5))}." in said
    assert tiles_of(at)["Fans"] == "1,760"
    assert "4 days have no figures" not in said
    assert "5 days have no figures (grey)" in said
    assert "Renew" in links_of(at)


def test_what_the_access_allows_stands_on_the_page(stage: Stage) -> None:
    granted = ["pages_show_list", "pages_read_engagement"]
    grant_id = connect(
        stage,
        "Ben Ortiz",
        granted_permissions=granted,
        declined_permissions=["read_insights"],
        sealed_user_token="the sealed text",
    )
    give_page(stage, "104", rising(1000, 10), grant_id=grant_id)
    at = stage.open("page", {"id": "104"})
    said = words_of(at)
    assert "**Fans and followers**: ready" in said
    assert "`read_insights` was declined. Ben Ortiz can renew and leave it ticked." in said
    assert "Facebook was not asked for `pages_messaging`." in said
    assert "made from the login of Ben Ortiz" in said
    assert "sealed text" not in said


def test_a_period_without_a_snapshot_does_not_blame_facebook(stage: Stage) -> None:
    give_page(stage, "104", rising(1000, 10, range(-60, TODAY - 20)), grant_id=connect(stage))
    said = words_of(stage.open("page", {"id": "104", "period": "7 days"}))

    def short(day: date) -> str:
        return formats.day(day, year=day.year != NOW.year)

    assert f"No figures between {short(ago(6))} and {formats.day(ago(0))};" in said
    assert f"the newest are of {short(ago(21))}." in said
    assert "Facebook gives no count of fans" not in said


@pytest.mark.parametrize("page_id", ["404", "", "../setup?" + "x" * 5000])
def test_an_unknown_id_says_so(stage: Stage, page_id: str) -> None:
    give_page(stage, "104", rising(1000, 10), grant_id=connect(stage))
    at = stage.open("page", {"id": page_id})
    assert "No Page with this id is connected here." in words_of(at)
    assert "All Pages" in links_of(at)
    assert not at.metric


def test_an_address_without_an_id_means_the_page_seen_last(stage: Stage) -> None:
    give_page(stage, "104", rising(1000, 10), name="Optik Keller", grant_id=connect(stage))
    at = stage.open("page", {"id": "104", "from": "sort=Name+A+to+Z&page=2&code=x"})
    at.query_params.clear()
    at.run()
    assert [title.value for title in at.title] == ["Optik Keller"]
    back = next(link for link in at.page_link if link.value == "All Pages")
    assert back.proto.query_string == "sort=Name+A+to+Z&page=2"
    assert "No Page with this id" in words_of(stage.open("page"))  # in another session


def test_an_id_cant_leave_the_picture_it_stands_in(stage: Stage) -> None:
    give_page(stage, '1"><b>', rising(1000, 10), grant_id=connect(stage))
    at = stage.open("page", {"id": '1"><b>'})
    picture = next(html.value for html in at.html if "<img" in html.value)
    assert 'src="/pictures/1%22%3E%3Cb%3E"' in picture
    assert picture.count(">") == 1


def test_a_young_page_is_compared_from_its_first_figure(stage: Stage) -> None:
    days = range(TODAY - 5, TODAY + 1)
    joined = NOW - timedelta(days=5)
    fans = rising(1000, 10, days)
    give_page(stage, "104", fans, grant_id=connect(stage), first_seen_at=joined)
    at = stage.open("page", {"id": "104"})
    assert tiles_of(at)["Net new fans"] == "+50"
    assert "12 days have" not in words_of(at)
    assert "compared with" not in words_of(at)
