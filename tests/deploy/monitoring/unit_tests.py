"""What each alert makes of made-up series: stated briefly in cases/*.yaml, spelt out here as promtool wants it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.monitoring.rules import ALERTS, Rule

FOLDER = Path(__file__).with_name("cases")
EVALUATED_EVERY = {"availability": "4m"}
"""Days of rules that are evaluated every minute, as the others are, take a minute."""
FIRES, SILENT = "fires", "silent"


def cases_of(file: str) -> dict[str, dict[str, Any]]:
    """The cases for the alerts of a manifest, by alert."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / f"{file}.yaml").read_text(encoding="utf-8"))
    return found


def unit_test(file: str, cases: Mapping[str, Mapping[str, Any]], folder: Path) -> dict[str, Any]:
    """The input of `promtool test rules` for the alerts of a manifest; `folder` has the files of the rules.

    A case has `series` by name, what their labels begin with (`shared`), `at`, the moment, and `every`, between two
    values (1m); one that fires has the labels of the alert beside its severity and what its description says there.
    """
    rules = {rule.name: rule for rule in ALERTS if rule.file == file}
    return {
        "rule_files": [str(folder / f"{name}.rules.yaml") for name in ("records", file)],
        "evaluation_interval": EVALUATED_EVERY.get(file, "1m"),
        "tests": [group for name, case in cases.items() for group in _groups(rules[name], case)],
    }


def _groups(rule: Rule, case: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for outcome in (FIRES, SILENT):
        stated = case[outcome]
        alerts = [_alert(rule, stated)] if outcome == FIRES else []
        yield {
            "name": f"{rule.name}, {outcome}",
            "interval": stated.get("every", "1m"),
            "input_series": [
                {"series": name.replace("{", f"{{{stated.get('shared', '')}", 1), "values": values}
                for name, values in stated["series"].items()
            ],
            "alert_rule_test": [{"eval_time": stated["at"], "alertname": rule.name, "exp_alerts": alerts}],
        }


def _alert(rule: Rule, stated: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "exp_labels": stated.get("labels", {}) | rule.stated["labels"],
        "exp_annotations": rule.stated["annotations"] | {"description": stated["description"]},
    }
