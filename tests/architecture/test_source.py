"""Rules of the house that no linter knows, read off the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ["inventory", "orders", "fulfillment", "returns", "channels", "reports"]
STATUS_WRITERS = {"oms/core/workflow.py"}


def python_files(*, tests: bool = False) -> Iterator[Path]:
    for app in ["oms", *APPS, *(["tests"] if tests else [])]:
        yield from (p for p in (ROOT / app).rglob("*.py") if "migrations" not in p.parts)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_nobody_but_the_kernel_writes_a_status() -> None:
    offenders = [
        f"{name_of(path)}:{node.lineno}"
        for path in python_files()
        if name_of(path) not in STATUS_WRITERS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "update"
        and any(keyword.arg == "status" for keyword in node.keywords)
    ]
    assert offenders == []


def test_jobs_are_sent_by_the_kernel_alone() -> None:
    offenders = [
        f"{name_of(path)}:{node.lineno}"
        for path in python_files()
        if name_of(path) != "oms/core/jobs.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"delay", "apply_async", "send_task"}
    ]

    assert offenders == []


# Records of the time before this system: nobody acts in them. The demo acts as each of its roles.
WITHOUT_ACTOR = {"history.py", "seed_demo.py"}


def test_services_take_keywords_and_say_who_acts() -> None:
    offenders = []
    for app in APPS:
        for path in [*(ROOT / app).glob("services.py"), *(ROOT / app).glob("services/*.py")]:
            if path.name in WITHOUT_ACTOR:
                continue
            for node in ast.parse(path.read_text()).body:
                if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                    continue
                if _is_write(node) and not _has_keyword_actor(node):
                    offenders.append(f"{name_of(path)}:{node.name}")
    assert offenders == []


def _is_write(node: ast.FunctionDef) -> bool:
    marks = {ast.unparse(decorator) for decorator in node.decorator_list}
    return any(mark.startswith("transaction.atomic") for mark in marks)


def _has_keyword_actor(node: ast.FunctionDef) -> bool:
    names = {argument.arg for argument in [*node.args.kwonlyargs, *node.args.args]}
    return bool(names & {"actor", "now", "older_than"})


def test_views_do_not_save() -> None:
    offenders = [
        f"{name_of(path)}:{node.lineno}"
        for app in APPS
        for path in [*(ROOT / app).glob("views.py"), *(ROOT / app).glob("views/*.py")]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"save", "bulk_create", "atomic"}
    ]

    assert offenders == []


def test_no_file_has_outgrown_its_room() -> None:
    long = {
        name_of(path): lines
        for path in python_files(tests=True)
        if (lines := len(path.read_text().splitlines())) > 500
    }

    assert long == {}


def test_the_repository_speaks_of_the_product_alone() -> None:
    words = ["/work/", "pypi.org", "pythonhosted", "/root/"]
    texts = [*python_files(tests=True), *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    texts += [*ROOT.glob("*.lock"), ROOT / "Makefile", ROOT / "pyproject.toml", ROOT / "Dockerfile"]
    found = [
        f"{name_of(path)}: {word}"
        for path in texts
        if path != Path(__file__)
        for word in words
        if word in path.read_text()
    ]

    assert found == []
