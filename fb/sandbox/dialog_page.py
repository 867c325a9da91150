"""The dialog's HTML. It must not look like Facebook: nobody shall learn to type a password here."""

from collections.abc import Iterable
from datetime import datetime
from html import escape
from pathlib import Path

from fb.sandbox.choice import Choice
from fb.sandbox.figures import figures
from fb.sandbox.world import Page, Person, World

STYLE = (Path(__file__).parent / "dialog.css").read_text(encoding="utf-8")
TITLE = "Stand-in for Facebook’s dialog"
_MAX_ROWS = 200  # beyond that, Pages are ticked all together

_MEANINGS = {
    "pages_show_list": "See which Pages you manage",
    "pages_messaging": "Read and send their messages",
    "pages_manage_metadata": "Receive their events",
    "pages_read_engagement": "Read profile, fans and followers",
    "read_insights": "Read views and engagement",
    "business_management": "Include Pages of a business",
    "email": "See your e-mail address",
}


def render_dialog(world: World, choice: Choice, now: datetime, root_path: str) -> str:
    """The whole page. Names are made up to be hostile, so everything is escaped."""
    pages = [world.pages[index] for index in choice.person.roles]
    return _frame(
        root_path,
        f"""
<header>
<h1>{TITLE}</h1>
<p>The real one would ask you to log in. This one runs on your own computer, asks for no password
and sends nothing to Facebook. People, Pages and figures are made up.</p>
</header>
<section aria-labelledby="who">
<h2 id="who">Who are you?</h2>
<ul class="people">{"".join(_person(person, choice) for person in world.people)}</ul>
</section>
<section aria-labelledby="what">
<h2 id="what">What may the app do?</h2>
{_permissions(choice)}
</section>
<section aria-labelledby="pages">
<h2 id="pages">Which Pages?</h2>
{_page_list(pages, choice, now, root_path)}
</section>
<nav aria-label="Decision">
<p>{_summary(choice)}</p>
<a class="plain" href="oauth/cancel?{escape(choice.query())}">Cancel</a>
<a class="main" href="oauth/continue?{escape(choice.query())}">Continue</a>
</nav>""",
    )


def render_refusal(title: str, sentence: str, root_path: str) -> str:
    """The page for a request that is never answered with a redirect."""
    return _frame(
        root_path,
        f"""
<header>
<h1>{TITLE}</h1>
<p>It can’t go on with this request.</p>
</header>
<section>
<h2>{escape(title)}</h2>
<p>{escape(sentence)}</p>
</section>""",
    )


def _frame(root_path: str, body: str) -> str:
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{TITLE}</title>
<link rel="icon" href="{escape(root_path)}/pictures/silhouette/32x32.png">
<link rel="stylesheet" href="{escape(root_path)}/dialog.css">
</head>
<body>
<main>{body}
</main>
</body>
</html>
"""


def _person(person: Person, choice: Choice) -> str:
    is_chosen = person is choice.person
    query = escape(choice.query(**{"as": person.id, "off": "0"}))
    count = len(person.roles)
    return (
        f'<li><a class="person" href="?{query}" {"aria-current=true" if is_chosen else ""}>'
        f'<span class="initial" aria-hidden="true">{escape(person.name[0])}</span>'
        f"<span><b>{escape(person.name)}</b>"
        f"<small>{_counted(count, 'Page')}</small></span></a></li>"
    )


def _permissions(choice: Choice) -> str:
    rows = "".join(_permission(name, choice) for name in choice.wished)
    notes = [
        f"Invalid Scopes: {escape(name)}. This message is only shown to developers. Users of your "
        "app will ignore these permissions if present."
        for name in choice.unknown
    ]
    if choice.is_fixed:
        notes.append("This app uses a login configuration: all of it, or Cancel.")
    if not rows:
        notes.append("The app asks for your name only.")
    return f'<ul class="rows columns">{rows}</ul>' + "".join(
        f'<p class="note">{n}</p>' for n in notes
    )


def _permission(name: str, choice: Choice) -> str:
    is_ticked = name not in choice.unticked
    changed = choice.unticked ^ {name}
    query = choice.query(no=",".join(sorted(changed)))
    meaning = escape(_MEANINGS.get(name, name))
    text = f'<span class="words">{meaning}<small>{escape(name)}</small></span>'
    if choice.is_fixed:
        return f'<li><span class="row">{_box()}{text}</span></li>'
    return _toggle(f"may-{name}", query, is_ticked, text)


def _page_list(pages: list[Page], choice: Choice, now: datetime, root_path: str) -> str:
    ticked = [page for page in pages if choice.pages >> page.index & 1]
    everything = f"{sum(1 << page.index for page in pages):x}"
    head = (
        f'<p class="all"><span>{len(ticked)} of {len(pages)} ticked</span>'
        f'<a href="?{escape(choice.query(off="0"))}#pages">Tick all</a>'
        f'<a href="?{escape(choice.query(off=everything))}#pages">Untick all</a></p>'
    )
    rows = "".join(_page(page, choice, now, root_path) for page in pages[:_MAX_ROWS])
    rest = len(pages) - _MAX_ROWS
    more = f'<p class="note">And {_counted(rest, "more Page")}.</p>' if rest > 0 else ""
    return f'{head}<ul class="rows columns">{rows}</ul>{more}'


def _page(page: Page, choice: Choice, now: datetime, root_path: str) -> str:
    bit = 1 << page.index
    fans = figures(page, now.date()).fans_count
    facts = [page.fixed.get("category"), None if fans is None else f"{fans:,} fans"]
    owner = page.id if page.has_picture else "silhouette"
    text = (
        f'<img src="{escape(root_path)}/pictures/{owner}/72x72.png" alt="" width="36" height="36" '
        f'loading="lazy"><span class="words"><bdi>{escape(page.name)}</bdi>'
        f"<small>{_joined(facts)}</small></span>"
    )
    query = choice.query(off=f"{choice.unticked_pages ^ bit:x}")
    return _toggle(f"page-{page.id}", query, bool(choice.pages & bit), text)


def _toggle(anchor: str, query: str, is_ticked: bool, text: str) -> str:
    """A link that shows the page again with one thing changed, at the same place."""
    state = "true" if is_ticked else "false"
    return (
        f'<li id="{escape(anchor)}"><a class="row" role="checkbox" aria-checked="{state}" '
        f'href="?{escape(query)}#{escape(anchor)}">{_box()}{text}</a></li>'
    )


def _box() -> str:
    return '<span class="box" aria-hidden="true"></span>'


def _summary(choice: Choice) -> str:
    count = choice.pages.bit_count()
    return f"{escape(choice.person.name)} gives access to <b>{_counted(count, 'Page')}</b>."


def _joined(facts: Iterable[object]) -> str:
    return escape(" · ".join(str(fact) for fact in facts if fact is not None))


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
