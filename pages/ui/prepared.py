"""A Styler whose cells are worked out already, for tables that are drawn with every rerun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
from pandas.arrays import ArrowExtensionArray
from pandas.io.formats.style import Styler


def prepare(
    table: pa.Table,
    texts: Mapping[str, pa.Array],
    styles: Mapping[str, Sequence[tuple[int, int]]],
    *,
    name: str,
) -> Styler:
    """The table with what its cells shall say and how they look.

    ``texts``: for columns without a format, a text for each row. ``styles``: rows and columns by
    position of the cells that bear a declaration ("font-weight: 600"). ``name`` tells the tables
    of a screen apart.

    pandas renders every cell of a Styler to HTML, of which Streamlit keeps the colours, and sends
    a text of every cell beside it, which the columns' formats overrule: 14 ms a rerun for 27 rows
    and as many bytes again. The two methods, and the frame's ``astype``, are what Streamlit's
    `marshall_styler` calls; it takes no subclass of Styler.
    """
    blank = pd.Categorical([""] * len(table))  # sent as one text and a small number a row
    shown = pd.DataFrame(
        {at: _as_series(texts[at]) if at in texts else blank for at in table.column_names}
    )
    columns = zip(table.column_names, table.columns, strict=True)
    frame = pd.DataFrame({at: _as_series(column) for at, column in columns})
    vars(frame).update(astype=lambda *_: shown)
    # A fixed id: a random one would make every rerun send the whole table again.
    styler = Styler(frame, uuid=name)
    translated = {
        "cellstyle": [
            {
                "props": [tuple(css.split(": "))],
                "selectors": [f"row{row}_col{column}" for row, column in cells],
            }
            for css, cells in styles.items()
        ]
    }
    vars(styler).update(_compute=lambda: styler, _translate=lambda *_: translated)
    return styler


def _as_series(column: pa.Array | pa.ChunkedArray) -> Any:
    """A Styler takes nothing but pandas: so its columns, which stay Arrow's where they can."""
    if pa.types.is_nested(column.type) or pa.types.is_dictionary(column.type):
        return column.to_pandas()  # what pandas writes of such types, pandas can't read
    return ArrowExtensionArray(column)
