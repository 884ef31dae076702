"""Policies from a JSON file and from options."""

# ruff: noqa: PLC0415  # grpc and numpy are loaded when a command runs, not for --help

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mfn_client.cli.failures import UsageError

if TYPE_CHECKING:
    from mfn_client import FederationPolicy


def read_policy(path: Path | None, *, aggregation: Mapping[str, Any], **options: Any) -> "FederationPolicy":
    """The policy of a file, where there is one, with the options that were given put in.

    Raises:
        UsageError: the file is not JSON, or has words that the policy does not know.
    """
    said = {} if path is None else _read(path)
    said = said | _given(options)
    said["aggregation"] = dict(_object(said.get("aggregation", {}), "aggregation")) | _given(aggregation)
    return _policy(said)


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _read(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"--policy {path} is not JSON: {error}") from None
    if not isinstance(said, dict):
        raise UsageError(f'--policy {path} must hold one object, such as {{"max_rounds": 20}}')
    return said


def _policy(said: dict[str, Any]) -> "FederationPolicy":
    from mfn_client import (
        AggregationPolicy,
        AsyncBuffer,
        EarlyStop,
        EvaluationPolicy,
        FederationPolicy,
        RetentionPolicy,
        ServerOptimizer,
    )

    parts: dict[str, type] = {
        "aggregation": AggregationPolicy,
        "async_buffer": AsyncBuffer,
        "early_stop": EarlyStop,
        "evaluation": EvaluationPolicy,
        "retention": RetentionPolicy,
        "server_optimizer": ServerOptimizer,
    }
    _object(said.get("config", {}), "config")
    said = said | {"aggregation": _with_rules(said["aggregation"])}
    made = {name: _made(parts[name], value, f"{name}.") if name in parts else value for name, value in said.items()}
    policy: FederationPolicy = _made(FederationPolicy, made, "")
    return policy


def _with_rules(said: dict[str, Any]) -> dict[str, Any]:
    """Rules and pre-aggregators with switches, {"krum": {"neighbors": ...}}, as the objects that they name."""
    from mfn_client._policies import PRE_AGGREGATORS, RULES

    made = dict(said)
    if "rule" in said:
        made["rule"] = _chosen(said["rule"], RULES, "aggregation.rule")
    if isinstance(steps := said.get("pre_aggregators"), list):
        made["pre_aggregators"] = [_chosen(step, PRE_AGGREGATORS, "aggregation.pre_aggregators") for step in steps]
    return made


def _chosen(said: Any, known: Mapping[str, type], path: str) -> Any:
    if not isinstance(said, dict) or len(said) != 1:
        return said
    ((word, switches),) = said.items()
    if word not in known:
        raise UsageError(f"{path} is {word!r}, must be one of {', '.join(known)}")
    return _made(known[word], switches, f"{path}.{word}.")


def _made(kind: type, said: Any, path: str) -> Any:
    """An object of a policy's part; refuses words that it does not know, and asks for those that it needs."""
    known = {each.name: each.default is MISSING and each.default_factory is MISSING for each in fields(kind)}
    given = _object(said, path.removesuffix(".") or "the policy")
    if unknown := sorted(set(given) - set(known)):
        raise UsageError(f"the policy has no {path}{unknown[0]}; there are {', '.join(sorted(known)) or 'none'}")
    if missing := [name for name, needed in known.items() if needed and name not in given]:
        raise UsageError(f"{path}{missing[0]} is missing")
    return kind(**given)


def _object(said: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(said, Mapping):
        raise UsageError(f"{path} is {json.dumps(said)}, must be an object")
    return said
