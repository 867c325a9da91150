"""Architecture: who may import whom, and who may read the clock and the environment.

The rules are read from the folders: design section "The house". ``find_violations`` takes a root,
so that each rule is seen to fail in a house built for it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Floors of fb by folder; whatever else lies there is floor 1, as is all of storage.
ADAPTERS = ("fb.web", "fb.commands", "fb.__main__", "fb.custody")
USE_CASES = ("fb.login", "fb.accounts", "fb.jobs", "fb.warnings", "fb.installation")
OURS = frozenset({"dashboard", "fb", "pages", "storage", "tests"})
HTTP = frozenset(
    {"requests", "urllib3", "httpx", "http", "socket", "starlette", "uvicorn", "aiohttp"}
)
# What each folder of pages may import of the others; the script and the screens may import all.
WITHIN_PAGES: Mapping[str, tuple[str, ...]] = {
    "pages.text": ("pages.text",),
    "pages.charts": ("pages.text", "pages.charts"),
    "pages.resources": (),
    "pages.cache": (),
    "pages.records": ("pages.text",),
    "pages.queries": ("pages.text", "pages.cache", "pages.records"),
    "pages.post_queries": ("pages.text", "pages.cache", "pages.records"),
    "pages.ui": (
        "pages.text",
        "pages.charts",
        "pages.resources",
        "pages.cache",
        "pages.records",
        "pages.queries",
        "pages.ui",
    ),
    "pages.parts": (
        "pages.text",
        "pages.charts",
        "pages.resources",
        "pages.cache",
        "pages.records",
        "pages.queries",
        "pages.post_queries",
        "pages.ui",
        "pages.parts",
    ),
}
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
# Functions that are told who acts, and ask for no role: by module, and why.
OF_NO_ROLE = {
    "storage.people.person": ("require",),  # it asks
    "storage.jobs.events": ("record_event",),  # records what a use case has done
    "storage.sign_in.sessions": ("sign_out",),  # whoever is signed in may
}
# Streamlit's own words for what happens on a press: no function is called.
NOT_A_CALLBACK = ("rerun", "ignore")


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
    def floor(self) -> int:
        return floor_of(self.name)

    def imports(self, *, at_import_time: bool = False) -> Iterator[str]:
        """Every imported module, and every imported name as if it were one."""
        for node in _walk(self.tree, into_functions=not at_import_time):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self._absolute(node)
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names)

    def targets(self, names: Collection[str]) -> Iterator[str]:
        """The modules among ``names`` that it imports; a package only for what stands in it."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names if alias.name in names)
            elif isinstance(node, ast.ImportFrom):
                base = self._absolute(node)
                for alias in node.names:
                    full = f"{base}.{alias.name}"
                    yield from [full] if full in names else [base] if base in names else []

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.package.split(".")
        return ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [node.module])])

    def uses(self) -> Iterator[str]:
        """Dotted names as they are read, with imported names written out."""
        names: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names |= {
                    a.asname or a.name.partition(".")[0]: (a.asname and a.name)
                    or a.name.partition(".")[0]
                    for a in node.names
                }
            elif isinstance(node, ast.ImportFrom):
                names |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute | ast.Name) and (dotted := _dotted(node)):
                head, _, rest = dotted.partition(".")
                yield ".".join(filter(None, [names.get(head, head), rest]))


def floor_of(name: str) -> int:
    """The floor that a module stands on, by its folder."""
    if name == "dashboard":
        return 4
    if _is_under(name, "pages") or any(_is_under(name, each) for each in ADAPTERS):
        return 3
    return 2 if any(_is_under(name, each) for each in USE_CASES) else 1


def find_violations(root: Path) -> list[str]:
    """Every broken rule as "module: what it does", in order; empty when none is broken."""
    modules = list(_read_modules(root))
    violations = {f"{module.name}: {what}" for module in modules for what in _judge(module)}
    violations |= set(_judge_names(root, modules))
    violations |= set(_find_circles(modules))
    return sorted(violations)


def _judge(module: Module) -> Iterator[str]:
    for imported in module.imports():
        yield from _judge_import(module, imported)
    if not _is_under(module.name, "fb.sandbox"):
        for imported in module.imports(at_import_time=True):
            if _is_under(imported, "fb.sandbox") and not _is_for_types(module, imported):
                yield "imports fb.sandbox in live mode, too"
    if module.floor < 3 and not _is_under(module.name, "fb.sandbox"):
        for used in set(module.uses()):
            if used in CLOCKS:
                yield f"reads the clock: {used}"
            if any(used == name or used.startswith(f"{name}.") for name in ENVIRONMENT):
                yield f"reads the environment: {used}"
    if module.top == "pages":
        yield from _judge_callbacks(module)
    if module.top in ("fb", "storage"):
        yield from _judge_use_cases(module)


def _judge_import(module: Module, imported: str) -> Iterator[str]:
    top = imported.partition(".")[0]
    if top == "streamlit" and module.top not in ("dashboard", "pages"):
        yield "imports streamlit"
    if top == "tests" or (top == "dashboard" and module.name != "dashboard"):
        yield f"imports {top}"
    if module.top == "storage" and (top in {"fb", "pages"} | HTTP or imported == "urllib.request"):
        yield f"imports {imported}"
    if _is_under(module.name, "fb.sandbox"):
        if top in OURS and not _is_under(imported, "fb.sandbox") and imported != "fb":
            yield f"imports {imported} of ours"
    elif module.top == "fb":
        if top == "pages":
            yield "imports pages"
        if module.floor == 1 and top == "storage":
            yield "imports storage from floor 1"
        if top == "fb" and floor_of(imported) > module.floor:
            yield f"imports {imported} from above"
    if module.top == "pages":
        yield from _judge_import_of_pages(module, imported)


def _judge_import_of_pages(module: Module, imported: str) -> Iterator[str]:
    top = imported.partition(".")[0]
    if top in ("requests", "httpx") or _reaches_facebook(imported):
        yield f"imports {imported}, which reaches Facebook"
    if _is_under(imported, "storage.models"):
        yield f"imports {imported}: screens see records, not rows"
    is_pure = _is_under(module.name, "pages.charts") or _is_under(module.name, "pages.text")
    if is_pure and top in ("streamlit", "storage"):
        yield f"imports {top}"
    room = _room_of(module.name)
    if room and top == "pages" and imported != "pages":
        if not any(_is_under(imported, each) for each in WITHIN_PAGES[room]):
            yield f"imports {imported} from above"
        if room == "pages.parts" and _is_under(imported, "pages.parts"):
            own, other = module.name.split(".")[2:3], imported.split(".")[2:3]
            if other and own != other:
                yield f"imports {imported} of another screen's parts"


def _reaches_facebook(imported: str) -> bool:
    """Of the Graph wing screens may know what can go wrong, and nothing else."""
    is_graph = _is_under(imported, "fb.graph") and imported != "fb.graph"
    return is_graph and not _is_under(imported, "fb.graph.errors")


def _judge_callbacks(module: Module) -> Iterator[str]:
    """A new session knows no callback, and swallows the first press after a restart."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.keyword) and node.arg in ("on_click", "on_change", "on_select"):
            value = node.value
            if not (isinstance(value, ast.Constant) and value.value in NOT_A_CALLBACK):
                yield f"has a callback: {node.arg}"


def _judge_use_cases(module: Module) -> Iterator[str]:
    """Who acts has to have a role: ``require`` is called, or another use case that calls it."""
    functions = {each.name: each for each in module.tree.body if isinstance(each, ast.FunctionDef)}

    def asks(name: str, seen: tuple[str, ...] = ()) -> bool:
        for call in ast.walk(functions[name]):
            if isinstance(call, ast.Call) and _passes_by(call):
                callee = (_dotted(call.func) or "").rpartition(".")[2]
                # What is private here is judged with its callers, all else by itself.
                if callee in functions and callee.startswith("_"):
                    if callee not in seen and asks(callee, (*seen, callee)):
                        return True
                elif callee != "record_event":
                    return True
        return False

    for name, function in functions.items():
        arguments = (*function.args.args, *function.args.kwonlyargs)
        is_told = any(
            each.arg == "by"
            and each.annotation is not None
            and ast.unparse(each.annotation) in ("Person", "Person | None")
            for each in arguments
        )
        is_exempt = name.startswith("_") or name in OF_NO_ROLE.get(module.name, ())
        if is_told and not is_exempt and not asks(name):
            yield f"{name} asks for no role"
        if _has_default(function.args):
            yield f"{name} has a default for who acts"


def _has_default(arguments: ast.arguments) -> bool:
    """Whether a forgotten person is somebody; None is Pagekeeper itself."""
    positional = arguments.args[len(arguments.args) - len(arguments.defaults) :]
    given = [
        *zip(positional, arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return any(
        each.arg in ("by", "of") and default is not None and ast.unparse(default) != "None"
        for each, default in given
    )


def _passes_by(call: ast.Call) -> bool:
    given = (*call.args, *(each.value for each in call.keywords))
    return any(isinstance(each, ast.Name) and each.id == "by" for each in given)


def _judge_names(root: Path, modules: list[Module]) -> Iterator[str]:
    """``pages/`` is first on the path of its own script: its files hide packages of their name."""
    imported = {name.partition(".")[0] for module in modules for name in module.imports()}
    taken = (imported | OURS | sys.stdlib_module_names) - {"app"}
    for path in sorted((root / "pages").iterdir()) if (root / "pages").is_dir() else []:
        if path.suffix in ("", ".py") and path.stem in taken:
            yield f"pages.{path.stem}: bears the name of a package"


def _find_circles(modules: list[Module]) -> Iterator[str]:
    """Circles of files, then circles of folders; imports for types count as any other."""
    names = {module.name for module in modules}
    packages = {module.name: module.package for module in modules}
    files: dict[str, set[str]] = {}
    folders: dict[str, set[str]] = {}
    for module in modules:
        files[module.name] = set(module.targets(names)) - {module.name}
        for name in files[module.name]:
            other = packages.get(name, "")
            if not (_is_under(other, module.package) or _is_under(module.package, other)):
                folders.setdefault(module.package, set()).add(other)
    for kind, graph in (("files", files), ("folders", folders)):
        for circle in _components(graph):
            yield f"circle of {kind}: {', '.join(sorted(circle))}"


def _components(graph: Mapping[str, Iterable[str]]) -> Iterator[set[str]]:
    """The strongly connected components of two nodes or more."""
    reach = {node: _reachable(graph, node) for node in graph}
    done: set[str] = set()
    for node in graph:
        circle = {other for other in reach[node] if node in reach.get(other, ())}
        if circle and node not in done:
            done |= circle
            yield circle


def _reachable(graph: Mapping[str, Iterable[str]], start: str) -> set[str]:
    reached: set[str] = set()
    waiting = list(graph.get(start, ()))
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached.add(node)
            waiting += graph.get(node, ())
    return reached


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


def _is_for_types(module: Module, imported: str) -> bool:
    """Whether it stands under ``if TYPE_CHECKING:`` alone."""
    for node in module.tree.body:
        if isinstance(node, ast.If) and _dotted(node.test) in (
            "TYPE_CHECKING",
            "typing.TYPE_CHECKING",
        ):
            inside = Module("x", ast.Module(node.body, []), module.package)
            if imported in set(inside.imports()):
                return True
    return False


def _room_of(name: str) -> str | None:
    return next((room for room in WITHIN_PAGES if _is_under(name, room)), None)


def _is_under(imported: str, package: str) -> bool:
    return imported == package or imported.startswith(f"{package}.")


def _walk(node: ast.AST, *, into_functions: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if into_functions or not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
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
        ("fb/graph/client.py", "import streamlit", "fb.graph.client: imports streamlit"),
        ("storage/x.py", "import fb.graph.errors", "storage.x: imports fb.graph.errors"),
        ("storage/x.py", "import requests", "storage.x: imports requests"),
        ("fb/graph/oauth.py", "import storage.db", "imports storage from floor 1"),
        ("fb/new.py", "def f():\n from storage import x", "fb.new: imports storage from floor 1"),
        ("fb/graph/oauth.py", "from ..login import x", "imports fb.login.x from above"),
        ("fb/jobs/runner.py", "from fb.web import x", "imports fb.web from above"),
        ("fb/web/routes.py", "import pages.ui.links", "fb.web.routes: imports pages"),
        ("pages/page.py", "import tests.x", "pages.page: imports tests"),
        ("pages/page.py", "from fb.graph import client", "fb.graph.client, which reaches Facebook"),
        ("pages/page.py", "from storage.models import Run", "screens see records, not rows"),
        ("pages/charts/x.py", "import streamlit", "pages.charts.x: imports streamlit"),
        ("pages/text/x.py", "from storage import x", "pages.text.x: imports storage"),
        ("pages/ui/x.py", "from pages.parts.a import b", "imports pages.parts.a from above"),
        ("pages/parts/a/x.py", "import pages.overview", "imports pages.overview from above"),
        ("pages/parts/a/x.py", "from pages.parts.b import y", "of another screen's parts"),
        ("pages/page.py", "import streamlit\nb(on_click=f)", "has a callback: on_click"),
        ("pages/calendar.py", "", "pages.calendar: bears the name of a package"),
        ("fb/sandbox/a.py", "from fb import settings", "imports fb.settings of ours"),
        ("dashboard.py", "import fb.sandbox", "dashboard: imports fb.sandbox in live mode, too"),
        ("fb/web/x.py", "if 1:\n from fb import sandbox", "imports fb.sandbox in live mode, too"),
        ("fb/login/state.py", "from time import time as t\nt()", "reads the clock: time.time"),
        ("storage/x.py", "import datetime as d\nd.date.today()", "clock: datetime.date.today"),
        ("fb/jobs/a.py", "import os\nos.environ['X']", "reads the environment: os.environ"),
        (
            "storage/x.py",
            "def f(s, *, by: Person): record_event(s, by=by)",
            "storage.x: f asks for no role",
        ),
        (
            "storage/x.py",
            "def f(s, *, by: Person = THIS_COMPUTER): require(s, by, 'admin')",
            "storage.x: f has a default for who acts",
        ),
        (
            "fb/accounts/x.py",
            "def f(by: Person | None): _g(by)\ndef _g(by): record_event(by=by)",
            "fb.accounts.x: f asks for no role",
        ),
    ],
)
def test_a_broken_rule_is_found(tmp_path: Path, path: str, source: str, violation: str) -> None:
    _write(tmp_path, {path: source})
    violations = find_violations(tmp_path)
    assert any(each.endswith(violation) for each in violations), violations


@pytest.mark.parametrize(
    ("files", "violation"),
    [
        (
            {"fb/a.py": "import fb.b", "fb/b.py": "if TYPE_CHECKING:\n from fb import a"},
            "circle of files: fb.a, fb.b",
        ),
        (
            {
                "storage/x/a.py": "import storage.y.a",
                "storage/y/a.py": "",
                "storage/y/b.py": "import storage.x.b",
                "storage/x/b.py": "",
            },
            "circle of folders: storage.x, storage.y",
        ),
    ],
)
def test_a_circle_is_found(tmp_path: Path, files: dict[str, str], violation: str) -> None:
    _write(tmp_path, files)
    assert violation in find_violations(tmp_path)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("dashboard.py", "import streamlit, fb.web, pages.app, storage.db.engine"),
        ("pages/page.py", "import streamlit, fb.jobs.x, storage.figures.y, pages.parts.page.z"),
        ("pages/page.py", "import fb.graph.errors\np(on_change='rerun', on_click='ignore')"),
        ("pages/parts/page/a.py", "import pages.parts.page.b, pages.ui.x, pages.queries"),
        ("pages/resources.py", "def f():\n from fb.sandbox import create_sandbox"),
        ("pages/resources.py", "if TYPE_CHECKING:\n from fb.sandbox import Sandbox"),
        ("fb/web/routes.py", "import os, starlette, fb.login.start\nos.environ.get('X')"),
        ("fb/login/start.py", "import storage.accounts.grants, fb.graph.client, fb.installation"),
        ("fb/graph/client.py", "import time\nfrom .retry import x\ntime.monotonic()"),
        ("fb/sandbox/a.py", "import fb.sandbox.b, starlette\nfrom . import c\nimport time"),
        ("storage/x.py", "import sqlalchemy\nfrom storage.models import Page\nimport urllib.parse"),
        ("storage/x.py", "def f(s, by: Person): _g(s, by)\ndef _g(s, by): require(s, by, 'admin')"),
        ("fb/accounts/x.py", "def f(i, *, by: Person): freeze(i, by=by)"),
    ],
)
def test_what_is_allowed_is_not_found(tmp_path: Path, path: str, source: str) -> None:
    _write(tmp_path, {path: source})
    assert find_violations(tmp_path) == []


def _write(root: Path, files: Mapping[str, str]) -> None:
    for path, source in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
