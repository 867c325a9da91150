"""Overview as most tests of screens begin with it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.kit.browsing import expect_title, visit
from tests.browser.kit.serving import Server


@pytest.fixture
def overview(full: Server, page: Page) -> Page:
    """Overview of 57 Pages with 91 days."""
    visit(page, full.url)
    expect_title(page, "Overview")
    return page
