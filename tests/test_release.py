"""What a release is made of agrees with the program: metadata, workflows, the hook and the site's pages.

Wheels are built, workflows run and the site is made elsewhere; here nothing is slow.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from fnnctl.cli import app
from fnnctl.data.builtin import BUILTIN
from fnnctl.reference.pages import topics
from tests.documentation_site import HOME, SOURCES, on_page_markdown

ROOT = Path(__file__).parent.parent
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ACTIONS = sorted((GITHUB / "actions").glob("*/action.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def read_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps(path: Path) -> Iterator[dict[str, Any]]:
    """The steps of a workflow or of an action."""
    content = read_yaml(path)
    for part in content["jobs"].values() if "jobs" in content else [content["runs"]]:
        yield from part.get("steps", [])  # a job that calls a workflow has none


def calls(path: Path) -> dict[str, dict[str, Any]]:
    """The jobs of a workflow that call another one of the repository."""
    return {name: job for name, job in read_yaml(path).get("jobs", {}).items() if "uses" in job}


def classified(kind: str) -> set[str]:
    """The last words of the classifiers that begin so."""
    return {line.rpartition(" :: ")[2] for line in PROJECT["classifiers"] if line.startswith(kind)}


def test_the_pythons_of_the_metadata_are_those_that_must_pass() -> None:
    """A Python that may fail in the workflow is not promised, and a release is tested with all others."""
    pythons = {word for word in classified("Programming Language :: Python ::") if re.match(r"3\.\d", word)}
    assert PROJECT["requires-python"] == f">={min(pythons, key=lambda word: int(word[2:]))}"
    jobs = read_yaml(GITHUB / "workflows" / "ci.yml")["jobs"]
    matrix, may_fail = jobs["tests"]["strategy"]["matrix"], jobs["tests"]["continue-on-error"]
    assert {word for word in matrix["python"] if f"'{word}'" not in may_fail} == pythons
    release = read_yaml(GITHUB / "workflows" / "release.yml")["jobs"]["test"]
    assert set(release["strategy"]["matrix"]["python"]) == pythons
    assert classified("Operating System") == {"Linux"}
    assert "matrix.system != 'ubuntu-latest'" in may_fail


def test_licences_of_the_data_are_in_the_metadata_and_beside_the_data() -> None:
    paths = PROJECT["license-files"]
    assert all((ROOT / path).is_file() for path in paths)
    text = (ROOT / paths[1]).read_text(encoding="utf-8")
    for info in BUILTIN.values():
        assert f"{info.file}\n    {info.source}.\n    {info.licence}.\n" in text
        identifier = info.licence.partition(",")[0].replace("BSD ", "BSD-").replace(" ", "-")
        assert identifier in PROJECT["license"].split(" AND ")


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda path: path.parent.name + "/" + path.name)
def test_actions_are_pinned_to_commits(path: Path) -> None:
    """Each with its version, which Dependabot raises; an action or a workflow of the repository exists."""
    lines = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert len(lines) == sum("uses" in step for step in steps(path)) + len(calls(path))
    for line in lines:
        if line.startswith("./"):
            assert (ROOT / line).resolve() in WORKFLOWS or (ROOT / line / "action.yml").is_file()
        else:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", line)


def test_an_action_has_one_version_everywhere() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in [*WORKFLOWS, *ACTIONS])
    pinned = set(re.findall(r"uses: (\w.*)", text))
    assert len({line.partition("@")[0] for line in pinned}) == len(pinned)
    majors = {re.sub(r"@.*# (v\d+).*", r"@\1", line) for line in pinned}
    example = (ROOT / "docs" / "workflow.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"uses: (.*)", example)) <= majors


def test_tools_of_workflows_have_one_version() -> None:
    """Those that decide what is published, and hatchling, which nothing names but pyproject.toml."""
    pins = (GITHUB / "requirements.txt").read_text(encoding="utf-8").splitlines()[1:]
    assert all(re.fullmatch(r"[\w-]+==[\d.]+", pin) for pin in pins)
    jobs = {name: read_yaml(GITHUB / "workflows" / f"{name}.yml")["jobs"] for name in ("ci", "release")}
    linting, building = jobs["ci"]["workflows"]["steps"][-1], jobs["release"]["build"]["steps"][-2]
    assert "requirements.txt" in building["env"]["PIP_CONSTRAINT"]
    installed = re.findall(r"pip install (.*)", linting["run"] + building["run"])
    words = {word for line in installed for word in line.split() if re.fullmatch(r"\w[\w-]+", word)}
    assert {*words, "hatchling"} == {pin.partition("==")[0] for pin in pins}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_have_few_rights_and_an_end(path: Path) -> None:
    workflow = read_yaml(path)
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in workflow["jobs"].items():
        if name in calls(path):
            continue
        assert job["timeout-minutes"] <= 60
        assert "environment" in job or "permissions" not in job, "further rights are approved"
    for step in steps(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_a_called_workflow_has_the_rights_that_it_asks_for() -> None:
    """A release publishes its documentation, and only after itself."""
    (job,) = calls(GITHUB / "workflows" / "release.yml").values()
    assert job["needs"] == "publish"
    called = read_yaml(ROOT / job["uses"])
    assert set(called[True]) == {"workflow_call", "workflow_dispatch"}  # YAML reads the key `on` as true
    asked = dict(called["permissions"])
    for called_job in called["jobs"].values():
        asked |= called_job.get("permissions", {})
    assert job["permissions"] == asked


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda path: path.parent.name + "/" + path.name)
def test_files_that_steps_name_exist(path: Path) -> None:
    folders = ("configs", "docs", "fnnctl", "tests", ".ci")
    texts = [str(text) for step in steps(path) for text in (step.get("run"), *step.get("with", {}).values())]
    for word in re.findall(r"[\w./*-]+", " ".join(texts)):
        if word.partition("/")[0] in folders and word not in folders:
            assert [*ROOT.glob(word)], word
        if word in {"README.md", "pyproject.toml", ".mkdocs.yml"}:
            assert (ROOT / word).is_file()


def test_commands_of_workflows_exist() -> None:
    """Also that of the hook, in front of the names of files."""
    names = {str(info.name) for info in app.registered_commands} | {
        str(info.name) for info in app.registered_groups
    }
    (hook,) = read_yaml(ROOT / ".pre-commit-hooks.yaml")
    scripts = [step.get("run", "") for path in [*WORKFLOWS, *ACTIONS] for step in steps(path)]
    called = re.findall(r"(?<![\w/.\"])(?:\S*/)?fnnctl\"? ([a-z]\w*)", "\n".join([hook["entry"], *scripts]))
    assert {"check", "train", "report", "help", "doctor"} <= set(called) <= names


def test_the_hook_takes_the_experiments_that_commands_look_for() -> None:
    (hook,) = read_yaml(ROOT / ".pre-commit-hooks.yaml")
    assert shlex.split(hook["entry"])[0] in PROJECT["scripts"]
    names = {"fnnctl.yaml", "models/fnnctl.yml", "afnnctl.yaml", "fnnctl.yaml.txt", "workflow.yml"}
    assert {name for name in names if re.search(hook["files"], name)} == {"fnnctl.yaml", "models/fnnctl.yml"}


def test_dependabot_looks_where_actions_are_named() -> None:
    updates = {entry["package-ecosystem"]: entry for entry in read_yaml(GITHUB / "dependabot.yml")["updates"]}
    folders = {f"/{path.parent.relative_to(ROOT).as_posix()}" for path in ACTIONS}
    assert set(updates["github-actions"]["directories"]) == {"/", *folders}
    assert updates["pip"]["directories"] == ["/", "/.github"]


def test_the_form_asks_for_what_tells_machines_and_runs_apart() -> None:
    fields = read_yaml(GITHUB / "ISSUE_TEMPLATE" / "problem.yml")["body"]
    identified = [field["id"] for field in fields if "id" in field]
    assert identified == ["problem", "doctor", "manifest"]


def test_linked_files_of_the_guides_exist() -> None:
    for path in GITHUB.glob("*.md"):
        for target in re.findall(r"\]\(([^)]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target.partition("#")[0]).is_file(), f"{path.name}: {target}"


def test_what_a_maintainer_fills_in_is_listed() -> None:
    """No file has an owner's name, and those in docs/ with a gap for it are in the list of the guide."""
    guide = (
        (GITHUB / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## What a maintainer fills in")[2]
    )
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "docs").iterdir() if path.is_file()}
    names = ("README.md", "pyproject.toml", ".mkdocs.yml", ".pre-commit-hooks.yaml")
    parts = [*(ROOT / name for name in names), *GITHUB.rglob("*")]
    files = [*texts, *(path for path in parts if path.is_file())]
    named = "".join(path.read_text(encoding="utf-8") for path in files)
    assert set(re.findall(r"github\.com/([\w-]+)", named)) == {"OWNER"}
    gaps = {f"docs/{path.name}" for path, text in texts.items() if re.search(r"\bOWNER\b", text)}
    assert gaps == set(re.findall(r"`(docs/[\w.]+)`", guide))
    assert {"release.yml", "`release`", "`site_url`"} <= {*re.findall(r"release\.yml|`\w+`", guide)}


def pages_of(entries: list[Any]) -> Iterator[str]:
    """The pages of the site's navigation in order."""
    for entry in entries:
        for page in entry.values() if isinstance(entry, dict) else [entry]:
            yield from [page] if isinstance(page, str) else pages_of(page)


def test_the_navigation_has_every_page_once() -> None:
    pages = [*pages_of(read_yaml(ROOT / ".mkdocs.yml")["nav"])]
    assert pages[0] == HOME
    assert sorted(pages) == sorted([*SOURCES, *(f"{topic}.md" for topic in topics())])


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("[a](docs/b.md) ![c](docs/images/d.png)", "[a](b.md) ![c](images/d.png)"),
        ("[a](../README.md#the-code)", "[a](index.md#the-code)"),
        ("[a](.github/CONTRIBUTING.md) [b](SECURITY.md)", "[a](contributing.md) [b](security.md)"),
        ("[a](../docs/design.md#tests) [b](tables.md)", "[a](design.md#tests) [b](tables.md)"),
    ],
)
def test_links_of_the_repository_become_links_of_the_site(written: str, made: str) -> None:
    assert on_page_markdown(written) == made


@pytest.mark.extra
@pytest.mark.filterwarnings("default")
def test_the_site_has_no_broken_link(tmp_path: Path) -> None:
    """Strict: a link to a page or heading that is not there is an error."""
    pytest.importorskip("mkdocs")
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    build(load_config(str(ROOT / ".mkdocs.yml"), site_dir=str(tmp_path), strict=True))
    assert "<title>fnnctl" in (tmp_path / HOME).with_suffix(".html").read_text(encoding="utf-8")
    for page in tmp_path.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r'<(?:(?:script|img)[^>]* src|link[^>]* href)="(?:https?:)?//[^"]*', text)
        assert loaded == [], f"{page.name} loads from other sites"


def figures(text: str) -> set[str]:
    """The numbers of a text, in digits, outside the addresses of its links."""
    return set(re.findall(r"(?<![\w.,])\d+(?:[.,]\d+)*", re.sub(r"\]\([^)]*\)", "]", text)))


def test_figures_beside_other_programs_are_those_of_the_pages_that_explain_them() -> None:
    """A benchmark that is repeated changes them in both places."""
    text = (ROOT / "docs" / "why.md").read_text(encoding="utf-8")
    linked = {name for name in re.findall(r"\]\(([\w-]+\.md)", text) if name != "changelog.md"}
    explained = {"searches.md", *linked}
    pages = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in explained)
    assert figures(text) - figures(pages) == set()
    rows = [row for row in text.splitlines() if "| +" in row or "| −" in row]
    assert len(rows) == 13
    for row in rows:
        assert differences(row) == differences(line_with(row, pages))


def differences(row: str) -> list[str]:
    """The differences with their intervals in a row of a table."""
    return re.findall(r"[−+][^|]*\]", row)


def line_with(row: str, pages: str) -> str:
    """The line of the pages that begins as the row does, and has its first difference."""
    start = row.partition(" | ")[0]
    (line,) = {line for line in pages.splitlines() if line.startswith(start) and differences(row)[0] in line}
    return line
