"""The links that leave for Facebook."""

from __future__ import annotations

import re

from pages.ui.links import START_PATH, connect_link


def test_the_link_is_a_plain_anchor_that_carries_nothing() -> None:
    html = connect_link("Connect Facebook Pages")
    assert f'href="{START_PATH}">Connect Facebook Pages</a>' in html
    assert "?" not in html
    assert "target" not in html


def test_filled_and_outlined_differ_by_their_class() -> None:
    assert 'class="pk-link pk-filled"' in connect_link("Renew")
    assert 'class="pk-link pk-outlined"' in connect_link("Renew", filled=False)


def test_every_class_that_is_used_has_a_style() -> None:
    for filled in (True, False):
        html = connect_link("Renew", filled=filled)
        classes = re.findall(r'class="([^"]+)"', html)[0].split()
        style = html.partition("<style>")[2]
        assert all(f".{name}" in style for name in classes)
        assert ":focus-visible" in style


def test_a_label_is_text() -> None:
    assert "<b>" not in connect_link("<b>Renew</b>")
