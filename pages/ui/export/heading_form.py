"""Title and logo of a report: the form in the Export popover, where the report is made."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from fb.installation import Installation
from pages.text.formats import cut, plain
from pages.ui.export.logo import MAX_BYTES, LogoRefused, read_logo
from pages.ui.signed_in import me
from storage.export.report_headings import MAX_TITLE, Heading, find_heading, save_heading

# Streamlit's own limit is in whole megabytes, and would contradict the label.
_STYLE = """<style>
.st-key-report-heading [data-testid="stFileUploaderDropzoneInstructions"] { display: none; }
</style>"""
_TURN, _SAVED = "heading-turn", "heading-saved"


@dataclass(frozen=True)
class HeadingScope:
    """Which reports a heading is for: those of a tag, or all others. ``default_title``: of now."""

    tag_id: int | None
    tag_name: str | None
    default_title: str


def render(installation: Installation, scope: HeadingScope) -> None:
    """Draw the form; it is a part of the popover's fragment."""
    turn = st.session_state.get(_TURN, 0)
    with st.expander("Title and logo…", type="compact", key="report-heading"):
        st.html(_STYLE)
        if st.session_state.pop(_SAVED, False):
            st.success("Saved. The next report has it.")
        whose = f"of the tag “{plain(cut(scope.tag_name, 40))}”" if scope.tag_name else ""
        st.caption(
            f"For every report {whose}." if whose else "For every report but those of a tag."
        )
        with installation.database.reading() as session:
            heading = find_heading(session, scope.tag_id)
        with st.form("heading", border=False):
            title = st.text_input(
                "Title",
                heading.title or "",
                max_chars=MAX_TITLE,
                placeholder=scope.default_title[:MAX_TITLE],
                key=f"heading-title-{scope.tag_id}-{turn}",
            )
            if heading.logo is not None:
                st.image(heading.logo.content, width=120, alt="The logo of now")
            file = st.file_uploader(
                f"Logo: PNG or JPEG, at most {MAX_BYTES // 1000} kB",
                type=["png", "jpg", "jpeg"],
                max_upload_size=1,
                key=f"heading-logo-{turn}",
            )
            removes = heading.logo is not None and st.checkbox(
                "Without a logo", key=f"heading-without-{turn}"
            )
            is_sent = st.form_submit_button("Save")
        if not is_sent:
            return
        try:
            logo = read_logo(file.getvalue()) if file is not None else heading.logo
        except LogoRefused as refused:
            st.error(plain(str(refused)))
            return
        changed = Heading(title, None if removes else logo)
        with installation.database.writing() as session:
            is_saved = save_heading(session, scope.tag_id, changed, installation.now(), by=me())
        if not is_saved:
            st.error("This tag is gone, so nothing was saved.")
            return
        st.session_state[_TURN], st.session_state[_SAVED] = turn + 1, True
        st.rerun(scope="fragment")
