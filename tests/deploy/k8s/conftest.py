"""Manifests as kustomize renders them, once a session."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.deploy.k8s.manifests import Manifests
from tests.deploy.k8s.rendering import VARIANTS, render

Rendered = Callable[[str], Manifests]


@pytest.fixture(scope="session")
def kustomize(require_tool: Callable[[str, str], Path]) -> Path:
    return require_tool("kustomize", "go install -C .ci/tools tool")


@pytest.fixture(scope="session")
def rendered(kustomize: Path) -> Rendered:
    """`rendered("prod with vault")` is a copy of that rendering, free to be changed."""
    once = cache(lambda variant: render(kustomize, *VARIANTS[variant]))
    return lambda variant: once(variant).copy()
