"""The usual way: read everything with pandas, show everything. Served by Streamlit as it comes."""

import os
import sqlite3
from contextlib import closing

import pandas as pd
import streamlit as st

JOIN = """
SELECT pages.name, pages.category, snapshots.day, snapshots.fans_count, snapshots.followers_count
FROM snapshots JOIN pages ON pages.id = snapshots.page_id
"""

st.title("Overview")
with closing(sqlite3.connect(os.environ["RIVAL_DATABASE"])) as connection:
    figures = pd.read_sql(JOIN, connection)
st.line_chart(figures.groupby("day")["fans_count"].sum())
st.dataframe(figures)
