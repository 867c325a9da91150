"""Arrow columns for charts and tables. Pure.

Streamlit sends Arrow. From a pandas frame the same chart takes twenty times as long to build and to
send, in every rerun.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd
import pyarrow as pa
from pandas.io.formats.style import Styler

from pages.text.formats import UNKNOWN, local

# pandas types for a Styler, which takes only pandas: they keep whole numbers beside nulls.
PANDAS_TYPES = {pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype()}


def days(values: Sequence[date]) -> pa.Array:
    """Days as naive midnights, so that every browser shows the same day."""
    return pa.array(values, pa.date32()).cast(pa.timestamp("s"))


def whole(values: Sequence[int | None]) -> pa.Array:
    """Whole numbers and nulls: int32 if all of them fit, which is half the bytes of int64.

    The figures of a year are half of the bytes that a Page's screen sends.
    """
    try:
        return pa.array(values, pa.int32())
    except pa.ArrowInvalid:
        return pa.array(values, pa.int64())


def moments(values: Sequence[datetime | None]) -> pa.Array:
    """Times on the reader's clock, naive: a browser's own zone is not always the one shown."""
    return pa.array([at and local(at) for at in values], pa.timestamp("s"))


def styled(
    table: pa.Table | pd.DataFrame, name: str, formats: Mapping[Any, Callable[[Any], str]]
) -> Styler:
    """The table with numbers written by ``formats``, by column; missing ones are the dash.

    Streamlit's own formats know no locale but the browser's, whose texts differ from ours. ``name``
    is its id: with a random one every rerun sends the whole table again.
    """
    frame = table if isinstance(table, pd.DataFrame) else _to_pandas(table)
    return Styler(frame, uuid=name).format({**formats}, na_rep=UNKNOWN)


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas(types_mapper=PANDAS_TYPES.get)
    return frame


def words(values: Sequence[str | None]) -> pa.Array:
    """Texts with few different values, dictionary-encoded: each value is sent once."""
    return pa.array(values, pa.string()).dictionary_encode()
