"""The first of many in order are those that a whole sort would put first."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from storage.ranking import smallest_first

# Few different ones, so that there are equals.
KEYS = st.lists(st.integers(-5, 5).map(float) | st.just(float("nan")), max_size=40)


@given(keys=KEYS, count=st.integers(0, 50))
def test_the_first_are_those_of_a_whole_stable_sort(keys: list[float], count: int) -> None:
    key = np.array(keys, dtype=np.float64)
    expected = np.argsort(key, kind="stable")[:count]
    assert smallest_first(key, count).tolist() == expected.tolist()
