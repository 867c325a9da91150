"""What a screen shows from one press to the next screen, looked at twenty times a second."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page

_WATCH = """() => {
    const shown = element => element.checkVisibility({opacityProperty: true});
    const texts = selector =>
        [...document.querySelectorAll(selector)].filter(shown).map(each => each.innerText.trim());
    const began = performance.now();
    window.moments = [];
    window.clock = setInterval(() => window.moments.push([
        performance.now() - began,
        texts('[data-testid=stMain] h1'),
        texts('[data-testid=stMain], [data-testid=stBottom], [data-testid=stToast]').join('\\n'),
    ]), 50);
}"""
_END = "() => { clearInterval(window.clock); return window.moments; }"


@dataclass(frozen=True)
class Moment:
    """What stood on the screen so many milliseconds after the beginning."""

    at_ms: float
    titles: tuple[str, ...]
    text: str


def begin_to_watch(page: Page) -> None:
    """Look at the screen from now on, until it is loaded anew."""
    page.evaluate(_WATCH)


def end_watching(page: Page) -> list[Moment]:
    """All moments since `begin_to_watch`."""
    return [Moment(at, tuple(titles), text) for at, titles, text in page.evaluate(_END)]
