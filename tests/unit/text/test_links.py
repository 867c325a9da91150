"""The links that leave for Facebook."""

from __future__ import annotations

from pages.ui.links import START_PATH, connect_link


def test_the_link_is_a_plain_anchor_that_carries_nothing() -> None:
    html = connect_link("Connect Facebook Pages")
    assert f'href="{START_PATH}">Connect Facebook Pages</a>' in html
    assert "?" not in html
    assert "target" not in html


def test_a_link_to_renew_carries_the_grant_and_nothing_else() -> None:
    assert f'href="{START_PATH}?renew=7">Renew</a>' in connect_link("Renew", renew=7)


def test_a_label_is_text() -> None:
    assert "<b>" not in connect_link("<b>Renew</b>")
