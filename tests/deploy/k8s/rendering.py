"""What kustomize makes of the manifests: each overlay, and overlays with the components that a cluster adds."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from tests.conftest import ROOT
from tests.deploy.k8s.manifests import Manifests

Rendered = Callable[[str], Manifests]
FOLDER = ROOT / "k8s"
COMPONENTS = sorted(path.parent.name for path in FOLDER.glob("components/*/kustomization.yaml"))
TOGETHER = (
    ("gateway-api", "cert-manager", "external-secrets", "secrets-as-files", "tracing"),
    ("ingress-nginx", "cert-manager", "vault", "tracing"),
    ("ingress-traefik", "aws-secrets", "shared-state"),
    ("mtls-cert-manager", "vault", "redis-outside"),
)
IN_PROD = ("redis-limits",)
VARIANTS: dict[str, tuple[str, ...]] = {
    "base": ("base",),
    **{name: (f"overlays/{name}",) for name in ("dev", "staging", "prod")},
    "dev with tracing": ("overlays/dev", "tracing"),
    "dev with secrets-as-files": ("overlays/dev", "secrets-as-files"),
    **{f"prod with {name}": ("overlays/prod", name) for name in COMPONENTS if name not in IN_PROD},
    **{f"prod with {' '.join(names)}": ("overlays/prod", *names) for names in TOGETHER},
}
"""What is rendered: a folder of k8s, and components on top of it."""


def render(kustomize: Path, base: str, *components: str) -> Manifests:
    """The objects of a folder of k8s with components added, in the way that a copy of an overlay adds them."""
    with TemporaryDirectory() as folder:
        kustomization = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [os.path.relpath(FOLDER / base, Path(folder).resolve())],
            "components": [
                os.path.relpath(FOLDER / "components" / name, Path(folder).resolve()) for name in components
            ],
        }
        (Path(folder) / "kustomization.yaml").write_text(yaml.safe_dump(kustomization), encoding="utf-8")
        ran = subprocess.run([kustomize, "build", folder], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return Manifests([each for each in yaml.safe_load_all(ran.stdout) if each])
