"""What all of these tests share: manifests as kustomize renders them, and the probe of orchestrators."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.deploy.k8s.rendering import VARIANTS, Rendered, render
from tests.e2e.health_probe import Probe
from tests.programs import CI_TOOLS


@pytest.fixture(scope="session")
def kustomize(require_tool: Callable[[str, str], Path]) -> Path:
    """Renders manifests."""
    return require_tool("kustomize", CI_TOOLS)


@pytest.fixture(scope="session")
def rendered(kustomize: Path) -> Rendered:
    """`rendered("prod with vault")` is a copy of that rendering, free to be changed; each is made once a session."""
    once = cache(lambda variant: render(kustomize, *VARIANTS[variant]))
    return lambda variant: once(variant).copy()


@pytest.fixture(scope="session")
def probe(require_tool: Callable[[str, str], Path]) -> Probe:
    """Asks a server for its health, as an orchestrator does."""
    return Probe(require_tool("grpc_health_probe", CI_TOOLS))
