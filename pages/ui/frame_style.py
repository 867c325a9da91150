"""Style of the frame: visible focus, marked choices, still motion, paper, and the sandbox's strip.

Streamlit has no options for these. The blue of the focus has a contrast of 4.5 : 1 on the light
ground and 4.2 : 1 on the dark one; WCAG 2.2 asks for 3.
"""

from __future__ import annotations

import streamlit as st

# The chosen segment keeps its blue border and ground. Its text takes the colour of the text around
# it, because blue on blue has 3.8 : 1 in the dark. So does the text of a button under the mouse.
# Charts and the table of Pages leave out what Streamlit offers beside our own: pictures that don't
# say Sandbox, dates with seconds, a search in the rows of one page. So does the app's menu.
# Transitions last no time at all: one of a millisecond on every element would hand a new colour
# down level by level, a frame for each.
# A printed screen has its figures, without what can't be pressed on paper; Print is for the report.
_STYLE = """<style>
a:not(.pk-link):focus-visible, button:focus-visible, summary:focus-visible,
[role="button"]:focus-visible, [role="tab"]:focus-visible,
.stDataFrame:has(canvas:focus-visible), .stMain:focus-visible,
.stTextInput:has(input:focus-visible) [data-testid="stTextInputRootElement"] {
  outline: 2px solid #2F76D2 !important; outline-offset: 2px !important; }
[data-testid="stTopNavLink"]:focus-visible, .stPageLink a:focus-visible, .stMain:focus-visible {
  outline-offset: -2px !important; }
[role="radio"][data-selected="true"], [role="checkbox"][data-selected="true"],
[role="radio"][data-selected="true"] p,
button[kind="secondary"]:enabled, button[kind="tertiary"]:enabled { color: inherit !important; }
.stElementToolbar :is([aria-label^="Download as PNG"],
  [aria-label^="Copy Vega-Lite spec"], [aria-label^="Show data"]),
.st-key-pages-table :is([aria-label^="Search:"], [aria-label^="Show/hide columns"]),
[data-testid="stMainMenuItem-recordScreencast"],
[data-testid="stMainMenuList"] + div { display: none !important; }
@media (prefers-reduced-motion: reduce) {
  *, ::before, ::after {
    animation-duration: 1ms !important; animation-iteration-count: 1 !important;
    transition-duration: 0s !important; scroll-behavior: auto !important; }
}
@media print {
  .stAppHeader, .st-key-period-choice, .stSelectbox, .stMultiSelect, .stTextInput, .stButton,
  .stButtonGroup, .stDownloadButton, .stMenuButton, .stPagination, .stDateInput,
  .stPopover:not(.st-key-digest-attention *), .stElementToolbar { display: none !important; }
}
</style>"""

# In a wide window the strip stands in the bar of the navigation, to save a row. As high as with its
# button, which viewers don't have.
_STRIP_STYLE = """<style>
@media screen and (min-width: 1100px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-sandbox-strip) {
    position: fixed; top: 0.6rem; right: 9.5rem; width: auto; z-index: 999991; }
  .st-key-sandbox-strip { min-height: 2.5rem; }
}
</style>"""

# The account menu is in the header beside Streamlit's own; what else is there moves by its width.
# The sandbox's strip has room beside one screen more in wider windows only.
_ACCOUNT_STYLE = """<style>
[data-testid="stLayoutWrapper"]:has(> .st-key-account-menu) {
  position: fixed; top: 0.6rem; right: 3.25rem; width: auto; z-index: 999992; }
.st-key-account-menu { width: auto; }
.st-key-account-menu .stPopover > div > button p {
  position: absolute; clip-path: inset(50%); width: 1px; height: 1px; }
.stApp [data-testid="stLayoutWrapper"]:has(> .st-key-copy-link) { right: 6.25rem; }
.stApp [data-testid="stLayoutWrapper"]:has(> .st-key-sandbox-strip) { right: 12.5rem; }
@media screen and (max-width: 1319px) {
  .stApp [data-testid="stLayoutWrapper"]:has(> .st-key-sandbox-strip) {
    position: static; width: 100%; }
}
</style>"""


def render(*, is_sandbox: bool, has_sign_in: bool = False) -> None:
    """Add the style to the screen; as one element, since it is sent with every rerun."""
    styles = [_STYLE]
    if is_sandbox:
        styles.append(_STRIP_STYLE)
    if has_sign_in:
        styles.append(_ACCOUNT_STYLE)
    st.html(" ".join(" ".join(styles).split()))
