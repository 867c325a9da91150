"""The floors of the house: who may import whom, and who may look at the clock and the environment.

``find_violations`` takes a root, so that each rule is seen to fail in a house built for it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Floor 2 of fb: use cases. Whatever else lies in fb and is not an adapter is floor 1.
USE_CASES = frozenset(
    {
        "account",
        "attempt",
        "connect",
        "connections",
        "found",
        "insights_sync",
        "installation",
        "exporting",
        "observing",
        "past_figures",
        "picture_sync",
        "preview",
        "reading",
        "rehearsal",
        "saving",
        "schedule",
        "staging",
        "sync",
        "worker",
    }
)
ADAPTERS = frozenset({"web", "__main__"})
OURS = frozenset({"dashboard", "fb", "pages", "storage", "tests"})
HTTP = frozenset(
    {"requests", "urllib3", "httpx", "http", "socket", "starlette", "uvicorn", "aiohttp"}
)
# Screens speak to use cases and queries. What reaches Facebook is not theirs.
REACHES_FACEBOOK = frozenset(
    f"fb.{name}"
    for name in ("graph", "transport", "batch", "oauth", "figures", "insights", "pictures")
)
CLOCKS = frozenset(
    {
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.datetime.today",
        "datetime.date.today",
        "time.time",
        "time.time_ns",
        "time.gmtime",
        "time.localtime",
    }
)
ENVIRONMENT = frozenset(
    {"os.environ", "os.environb", "os.getenv", "os.putenv", "dotenv.load_dotenv"}
)
# Words of Streamlit for ``on_click`` and ``on_change``: they call nothing of ours.
STREAMLITS_OWN = ("rerun", "ignore")


@dataclass(frozen=True)
class Module:
    """A file of ours, its dotted name, and what it imports (always absolute) and reads."""

    name: str
    tree: ast.Module
    package: str

    @property
    def top(self) -> str:
        return self.name.partition(".")[0]

    @property
    def second(self) -> str:
        return [*self.name.split("."), ""][1]

    @property
    def floor(self) -> int:
        if self.name == "dashboard":
            return 4
        if self.top == "pages" or (self.top == "fb" and self.second in ADAPTERS):
            return 3
        return 2 if self.top == "fb" and self.second in USE_CASES else 1

    def imports(self, *, at_import_time: bool = False) -> Iterator[str]:
        """Every imported module, and every imported name as if it were one."""
        for node in _walk(self.tree, into_functions=not at_import_time):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self._absolute(node)
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.package.split(".")
        return ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [node.module])])

    def uses(self) -> Iterator[str]:
        """Dotted names as they are read, with imported names written out."""
        known: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                known |= {
                    a.asname or a.name.partition(".")[0]: (a.asname and a.name)
                    or a.name.partition(".")[0]
                    for a in node.names
                }
            elif isinstance(node, ast.ImportFrom):
                known |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute | ast.Name) and (dotted := _dotted(node)):
                head, _, rest = dotted.partition(".")
                yield ".".join(filter(None, [known.get(head, head), rest]))


def find_violations(root: Path) -> list[str]:
    """Every broken rule as "module: what it does", in order; empty when the house stands."""
    modules = list(_read_modules(root))
    found = {f"{module.name}: {told}" for module in modules for told in _judge(module)}
    found |= set(_judge_names(root, modules))
    return sorted(found)


def _judge(module: Module) -> Iterator[str]:
    for imported in module.imports():
        yield from _judge_import(module, imported)
    if module.top == "pages":
        yield from _judge_callbacks(module)
    if module.top != "fb" or module.second != "sandbox":
        for imported in module.imports(at_import_time=True):
            if _is_under(imported, "fb.sandbox"):
                yield "imports fb.sandbox in live mode, too"
    if module.floor < 3 and module.second != "sandbox":
        for used in set(module.uses()):
            if used in CLOCKS:
                yield f"reads the clock: {used}"
            if any(used == name or used.startswith(f"{name}.") for name in ENVIRONMENT):
                yield f"reads the environment: {used}"


def _judge_callbacks(module: Module) -> Iterator[str]:
    """A new session, as after a restart, knows no callback, and would swallow the first press."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.keyword) or node.arg not in ("on_click", "on_change"):
            continue
        if not isinstance(node.value, ast.Constant) or node.value.value not in STREAMLITS_OWN:
            yield f"has a callback: {node.arg}={ast.unparse(node.value)}"


def _judge_import(module: Module, imported: str) -> Iterator[str]:
    top = imported.partition(".")[0]
    if top == "streamlit" and module.top not in ("dashboard", "pages"):
        yield "imports streamlit"
    if top == "tests" or (top == "dashboard" and module.name != "dashboard"):
        yield f"imports {top}"
    if module.top == "storage" and (top in {"fb", "pages"} | HTTP or imported == "urllib.request"):
        yield f"imports {imported}"
    if module.top == "fb" and module.second == "sandbox":
        if top in OURS and not _is_under(imported, "fb.sandbox") and imported != "fb":
            yield f"imports {imported} of ours"
    elif module.top == "fb":
        if top == "pages":
            yield "imports pages"
        if module.floor == 1 and top == "storage":
            yield "imports storage from floor 1"
        if top == "fb" and _floor_of(imported) > module.floor:
            yield f"imports {imported} from above"
    if module.top == "pages":
        if any(_is_under(imported, name) for name in REACHES_FACEBOOK) or top in (
            "requests",
            "httpx",
        ):
            yield f"imports {imported}, which reaches Facebook"
        if module.second in ("charts", "text") and top in ("streamlit", "storage"):
            yield f"imports {top}"


def _judge_names(root: Path, modules: list[Module]) -> Iterator[str]:
    """``pages/`` is first on the path of its own script: its files hide packages of their name."""
    imported = {name.partition(".")[0] for module in modules for name in module.imports()}
    taken = (imported | OURS | sys.stdlib_module_names) - {"app"}
    for path in sorted((root / "pages").iterdir()) if (root / "pages").is_dir() else []:
        if path.suffix in ("", ".py") and path.stem in taken:
            yield f"pages.{path.stem}: bears the name of a package"


def _read_modules(root: Path) -> Iterator[Module]:
    paths = [root / "dashboard.py"]
    for folder in ("fb", "pages", "storage"):
        paths += sorted((root / folder).rglob("*.py"))
    for path in filter(Path.is_file, paths):
        parts = path.relative_to(root).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        parts = parts[:-1] if is_package else parts
        package = parts if is_package else parts[:-1]
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        yield Module(".".join(parts), tree, ".".join(package))


def _floor_of(imported: str) -> int:
    return Module(imported, ast.Module([], []), "").floor


def _is_under(imported: str, package: str) -> bool:
    return imported == package or imported.startswith(f"{package}.")


def _walk(node: ast.AST, *, into_functions: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if into_functions or not (
            isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            or (isinstance(child, ast.If) and _dotted(child.test) == "TYPE_CHECKING")
        ):
            yield child
            yield from _walk(child, into_functions=into_functions)


def _dotted(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value)
        return f"{base}.{node.attr}" if base else None
    return None


def test_the_house_stands() -> None:
    assert find_violations(ROOT) == []


@pytest.mark.parametrize(
    ("path", "source", "violation"),
    [
        ("fb/graph.py", "import streamlit", "fb.graph: imports streamlit"),
        ("storage/x.py", "from streamlit import x", "storage.x: imports streamlit"),
        ("storage/x.py", "import fb.errors", "storage.x: imports fb.errors"),
        ("storage/x.py", "from fb import errors", "storage.x: imports fb"),
        ("storage/x.py", "import requests", "storage.x: imports requests"),
        ("storage/x.py", "import urllib.request", "storage.x: imports urllib.request"),
        ("fb/oauth.py", "import storage.vault", "fb.oauth: imports storage from floor 1"),
        ("fb/settings.py", "import storage", "fb.settings: imports storage from floor 1"),
        ("fb/new.py", "def f():\n from storage import x", "fb.new: imports storage from floor 1"),
        ("fb/oauth.py", "from fb import sync", "fb.oauth: imports fb.sync from above"),
        ("fb/oauth.py", "from . import sync", "fb.oauth: imports fb.sync from above"),
        ("fb/settings.py", "from . import web", "fb.settings: imports fb.web from above"),
        ("fb/sync.py", "from fb.web import x", "fb.sync: imports fb.web from above"),
        ("fb/web.py", "import pages.ui.links", "fb.web: imports pages"),
        ("fb/web.py", "import dashboard", "fb.web: imports dashboard"),
        ("pages/page.py", "import tests.x", "pages.page: imports tests"),
        ("pages/page.py", "from fb import graph", "imports fb.graph, which reaches Facebook"),
        ("pages/page.py", "import requests", "imports requests, which reaches Facebook"),
        (
            "pages/charts/line_charts.py",
            "import streamlit",
            "pages.charts.line_charts: imports streamlit",
        ),
        ("pages/text/wording.py", "from storage import x", "pages.text.wording: imports storage"),
        ("pages/page.py", "st.button('x', on_click=f)", "pages.page: has a callback: on_click=f"),
        ("pages/ui/x.py", "st.text_input('x', on_change=lambda: 1)", "on_change=lambda: 1"),
        ("pages/calendar.py", "", "pages.calendar: bears the name of a package"),
        ("pages/storage.py", "", "pages.storage: bears the name of a package"),
        ("pages/page.py", "import page", "pages.page: bears the name of a package"),
        ("fb/sandbox/a.py", "from fb import errors", "imports fb.errors of ours"),
        ("fb/sandbox/a.py", "from ..errors import x", "imports fb.errors of ours"),
        ("dashboard.py", "import fb.sandbox", "dashboard: imports fb.sandbox in live mode, too"),
        ("fb/web.py", "if 1:\n from fb import sandbox", "imports fb.sandbox in live mode, too"),
        ("fb/state.py", "import time\ntime.time()", "reads the clock: time.time"),
        ("fb/state.py", "from time import time as t\nt()", "reads the clock: time.time"),
        ("storage/x.py", "import datetime as d\nd.date.today()", "clock: datetime.date.today"),
        ("fb/sync.py", "from datetime import datetime\ndatetime.now()", "datetime.datetime.now"),
        ("fb/sync.py", "import os\nos.environ['X']", "reads the environment: os.environ"),
        ("storage/x.py", "from os import getenv\ngetenv('X')", "environment: os.getenv"),
    ],
)
def test_a_broken_rule_is_found(tmp_path: Path, path: str, source: str, violation: str) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source)
    found = find_violations(tmp_path)
    assert any(told.endswith(violation) for told in found), found


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("dashboard.py", "import streamlit, fb.web, pages.app, storage.engine"),
        (
            "pages/page.py",
            "import streamlit, fb.sync, storage.series, fb.settings\nimport datetime",
        ),
        ("pages/page.py", "st.popover('x', on_change='rerun')\nst.button('y', on_click='ignore')"),
        ("pages/resources.py", "def f():\n from fb.sandbox import create_sandbox"),
        ("pages/resources.py", "if TYPE_CHECKING:\n from fb.sandbox import Sandbox"),
        ("fb/web.py", "import os, starlette, fb.connect\nos.environ.get('X')"),
        ("fb/connect.py", "import storage.grants, fb.graph, fb.installation"),
        ("fb/graph.py", "import time, fb.errors\nfrom .retry import x\ntime.monotonic()"),
        (
            "fb/sandbox/a.py",
            "import fb.sandbox.b, starlette\nfrom . import c\nimport time\ntime.time()",
        ),
        ("fb/settings.py", "from .settings_table import x\nfrom fb.addresses import y"),
        ("storage/x.py", "import sqlalchemy\nfrom storage.models import Page\nimport urllib.parse"),
    ],
)
def test_what_is_allowed_is_not_found(tmp_path: Path, path: str, source: str) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source)
    assert find_violations(tmp_path) == []
