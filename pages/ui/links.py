"""The links that leave for Facebook: real anchors, since only those open in the same tab.

``st.html`` strips ``target`` and knows no theme variables, so anchor and style travel together.
"""

from __future__ import annotations

from html import escape

START_PATH = "/oauth/start"

# White on this blue is 6.3 : 1 and the same in both schemes; the outlined form takes the ink of the
# text around it, so that it follows the scheme without knowing it.
_STYLE = """
.pk-link { display: inline-block; box-sizing: border-box; padding: 0.45rem 1rem;
  border-radius: 0.5rem; font-weight: 600; line-height: 1.6; text-decoration: none;
  white-space: nowrap; }
.pk-link:focus-visible { outline: 3px solid #E9B44C; outline-offset: 2px; }
.pk-filled, .pk-filled:visited { background: #1D5FB4; border: 1px solid #1D5FB4; color: #FFFFFF; }
.pk-filled:hover { background: #174E96; border-color: #174E96; color: #FFFFFF; }
.pk-outlined, .pk-outlined:visited { background: transparent; color: inherit;
  border: 1px solid color-mix(in srgb, currentColor 40%, transparent); }
.pk-outlined:hover { border-color: currentColor; color: inherit; }
"""


def connect_link(label: str, *, filled: bool = True) -> str:
    """HTML for ``st.html``: the link that starts a trip to Facebook, in the same tab.

    Filled for the one thing to do on a screen, outlined where it is one of several. ``label`` is
    plain text. The link carries nothing: the route makes an attempt of its own.
    """
    kind = "pk-filled" if filled else "pk-outlined"
    style = " ".join(_STYLE.split())
    return (
        f'<a class="pk-link {kind}" href="{START_PATH}">{escape(label)}</a><style>{style}</style>'
    )
