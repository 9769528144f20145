from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fnnctl
from fnnctl.store import provenance
from fnnctl.store.manifest import Manifest
from fnnctl.store.provenance import blas_core, environment, git_state, processor_features


def git(folder: Path, *arguments: str) -> str:
    identity = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a"}
    identity |= {"GIT_COMMITTER_EMAIL": "a@b", "GIT_CONFIG_GLOBAL": os.devnull}
    answer = subprocess.run(
        ["git", *arguments], cwd=folder, env={**os.environ, **identity}, capture_output=True, check=True
    )
    return answer.stdout.decode().strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    try:
        git(tmp_path, "init", "-q")
    except OSError:
        pytest.skip("needs git")
    return tmp_path


def test_the_environment_fits_the_manifest() -> None:
    facts = environment("fnnctl train 'my config.yaml' --set 'a=$b'", blas_threads=1)
    manifest = Manifest.model_validate(
        {**facts, "status": "running", "kind": "train", "name": "x", "started": "now"}
    )
    assert manifest.command == "fnnctl train 'my config.yaml' --set 'a=$b'"
    assert manifest.fnnctl == fnnctl.__version__
    assert manifest.python == platform.python_version()
    assert manifest.packages["numpy"] == np.__version__
    assert set(manifest.packages) == {"numpy", "typer", "pydantic", "pyyaml", "rich", "matplotlib"}
    assert manifest.blas.threads == 1
    assert manifest.blas.name
    assert manifest.blas.core == blas_core()
    assert manifest.processor.features == processor_features()
    assert manifest.processor.model
    assert manifest.processor.usable is not None
    assert 1 <= manifest.processor.usable <= (os.cpu_count() or 1)
    assert set(facts) <= set(Manifest.model_fields)


def test_the_core_agrees_with_an_independent_library() -> None:
    threadpoolctl = pytest.importorskip("threadpoolctl")  # scikit-learn brings it
    pools = [pool for pool in threadpoolctl.threadpool_info() if "numpy" in pool.get("filepath", "")]
    assert [pool.get("architecture") for pool in pools] == [blas_core()]


def in_new_process(expression: str, **variables: str) -> str:
    script = f"from fnnctl.store import provenance; print({expression})"
    answer = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **variables}, capture_output=True, check=True
    )
    return answer.stdout.decode().strip()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the names are of x86-64")
def test_the_core_and_the_features_are_those_in_use_and_not_the_processors() -> None:
    if blas_core() is None:
        pytest.skip("the BLAS does not tell")
    assert in_new_process("provenance.blas_core()", OPENBLAS_CORETYPE="Haswell") == "Haswell"
    features = processor_features()
    baseline = np.show_config(mode="dicts")["SIMD Extensions"]["baseline"]
    dispatched = features[len(baseline) :]
    if dispatched:
        left = in_new_process(
            "provenance.processor_features()", NPY_DISABLE_CPU_FEATURES=" ".join(dispatched)
        )
        assert left == str(baseline)


def test_a_blas_without_the_function_has_no_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "_CORE_NAMES", ("no_such_function",))
    assert blas_core() is None


def test_git_commit_and_dirty_flag(repository: Path) -> None:
    assert git_state(repository) is None
    (repository / "a").write_text("1")
    git(repository, "add", "a")
    git(repository, "commit", "-qm", "first")
    commit = git(repository, "rev-parse", "HEAD")
    assert git_state(repository) == {"commit": commit, "dirty": False}
    (repository / "untracked").write_text("1")
    assert git_state(repository) == {"commit": commit, "dirty": False}
    (repository / "a").write_text("2")
    assert git_state(repository) == {"commit": commit, "dirty": True}


def test_no_repository_or_no_git_is_no_git_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_state(tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_state(tmp_path) is None


@pytest.mark.skipif(os.name == "nt", reason="writes a shell script")
@pytest.mark.parametrize(
    ("script", "seconds"), [("exec /bin/sleep 1200", 0.1), ("echo '# branch.oid abc'; exit 1", 60.0)]
)
def test_a_git_that_hangs_or_fails_says_nothing(
    script: str, seconds: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "git"
    broken.write_text(f"#!/bin/sh\n{script}\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(provenance, "GIT_SECONDS", seconds)
    assert git_state(tmp_path) is None
