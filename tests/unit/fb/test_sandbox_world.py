"""The made-up world: names, ids, people, figures, pictures."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fb.sandbox import make_world
from fb.sandbox.world.fan_counts import count_fans
from fb.sandbox.world.profile_pictures import parse_size
from fb.sandbox.world.world import ALL_TASKS, Page

TODAY = date(2026, 11, 22)
WORLD = make_world()
FIRST_PAGE = [11297, 15522, 17472]


def fans(page: Page, day: date) -> int:
    """The fan count, 0 where there is none."""
    return count_fans(page, day).fans_count or 0


def test_sixty_pages_three_people() -> None:
    assert len(WORLD.pages) == 60
    assert [person.name for person in WORLD.people] == ["Anna Keller", "Ben Ortiz", "Carla Stein"]
    anna, ben, carla = (set(person.roles) for person in WORLD.people)
    assert len(anna) == 58
    assert ben - anna == {58, 59}
    assert anna & ben
    assert carla <= anna


@pytest.mark.parametrize("count", [1, 3, 60, 61, 1000])
def test_a_world_of_any_size_has_ids_of_its_own(count: int) -> None:
    world = make_world(pages=count)
    assert len(world.pages) == count
    assert len({page.id for page in world.pages}) == count
    assert all(page.id.isdecimal() and 14 <= len(page.id) <= 18 for page in world.pages)
    assert count == 60 or set(world.people[0].roles) == set(range(count))


def test_worlds_grow_at_their_end() -> None:
    small, large = make_world(pages=60), make_world(pages=1000)
    assert [page.id for page in small.pages] == [page.id for page in large.pages[:60]]
    assert [dict(page.fixed) for page in small.pages] == [
        dict(page.fixed) for page in large.pages[:60]
    ]


def test_names_are_awkward_on_purpose() -> None:
    names = [page.name for page in WORLD.pages]
    assert ":material/delete: <b>x</b> www.evil.com" in names
    assert any(name.startswith("=") for name in names)
    assert any(len(name) == 300 for name in names)
    assert any("\u0600" <= name[0] <= "\u06ff" for name in names)
    assert any("\u202e" in name for name in names)
    assert any("🌻" in name for name in names)
    assert sum(int(page.id) > 2**53 for page in WORLD.pages) >= 5


def test_exactly_one_of_annas_pages_lacks_a_token_and_one_analyze() -> None:
    roles = WORLD.people[0].roles.values()
    assert sum(not role.sends_token for role in roles) == 1
    assert sum("ANALYZE" not in role.tasks for role in roles) == 1
    assert all(set(role.tasks) <= {*ALL_TASKS, "PROFILE_PLUS_FULL_CONTROL"} for role in roles)


# Figures


@given(st.sampled_from(WORLD.pages), st.dates(date(1970, 1, 1), date(2200, 1, 1)))
def test_any_day_has_plausible_figures(page: Page, day: date) -> None:
    found = count_fans(page, day)
    if not page.has_counts:
        assert found == (None, None)
        return
    assert found.fans_count is not None
    assert found.followers_count is not None
    assert 0 <= found.fans_count < 5_000_000
    assert 0 <= found.followers_count < 5_000_000
    if page.is_new_experience:
        assert found.fans_count == found.followers_count
    if page.base_count == 0:
        assert found == (0, 0)


@given(st.sampled_from(WORLD.pages), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_no_day_leaps(page: Page, day: date) -> None:
    before, after = fans(page, day - timedelta(days=1)), fans(page, day)
    assert abs(after - before) <= 5 + 0.08 * before


def test_figures_are_the_same_in_another_process() -> None:
    """Written down once: history in a database must go on where it stopped."""
    page = WORLD.pages[0]
    found = [
        count_fans(page, day).fans_count for day in (date(2019, 1, 1), TODAY, date(2027, 3, 1))
    ]
    assert found == FIRST_PAGE


# Pictures


def test_sizes() -> None:
    assert parse_size("100x100.png") == (100, 100)
    assert parse_size("0x1.png") is None
    assert parse_size("401x1.png") is None
