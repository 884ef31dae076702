"""The rules of k8s/monitoring as its manifests state them, and as Prometheus reads them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

MONITORING = Path(__file__).resolve().parents[3] / "k8s" / "monitoring"
MANIFESTS = tuple(sorted((MONITORING / "rules").glob("*.yaml")))
DASHBOARDS = tuple(sorted((MONITORING / "dashboards").glob("*.json")))


@dataclass(frozen=True)
class Rule:
    """One rule. file: the manifest's stem. name: of the alert, or of what is recorded."""

    file: str
    name: str
    stated: dict[str, Any]

    @property
    def expression(self) -> str:
        """Its PromQL."""
        return str(self.stated["expr"])


def _rules() -> tuple[Rule, ...]:
    return tuple(
        Rule(path.stem, rule.get("alert") or rule["record"], rule)
        for path in MANIFESTS
        for group in spec_of(path)["groups"]
        for rule in group["rules"]
    )


def spec_of(manifest: Path) -> dict[str, Any]:
    """What a rule file of Prometheus holds."""
    found = yaml.safe_load(manifest.read_text(encoding="utf-8"))
    assert found["kind"] == "PrometheusRule"
    spec: dict[str, Any] = found["spec"]
    return spec


def rule_files(folder: Path) -> list[Path]:
    """All rules, as files that Prometheus and promtool read."""
    made = []
    for manifest in MANIFESTS:
        made.append(folder / f"{manifest.stem}.rules.yaml")
        made[-1].write_text(yaml.safe_dump(spec_of(manifest)), encoding="utf-8")
    return made


RULES = _rules()
ALERTS = tuple(rule for rule in RULES if "alert" in rule.stated)
RECORDS = tuple(rule for rule in RULES if "record" in rule.stated)
