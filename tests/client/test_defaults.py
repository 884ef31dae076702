"""What the client states of defaults, ranges and choices, against the engine that has the last word on them.

The client imports nothing of the engine and leaves most defaults to the server; its docstrings and the help of its
commands repeat them for people.
"""

import dataclasses
import inspect
import re
from enum import StrEnum
from types import ModuleType
from typing import Any, get_args

import pytest

import mfn_client
from mfn_client import AsyncClient, Client
from mfn_client._spec import DEFAULT_SIDE
from mfn_client.cli import features as features_command
from mfn_client.cli import options, simulate
from mfn_client.cli import validate as validate_command
from mfn_client.cli.features import THRESHOLDS_MV
from mfn_client.sklearn import FractalFeatures
from mfn_grpc.core import dynamics, features, fractals
from mfn_grpc.core.fractals.options import ORDER
from mfn_grpc.core.limits import Limit, limits_of
from mfn_grpc.core.reaction_diffusion import MODELS, Precision, SimulationSpec, Stepper
from mfn_grpc.core.reaction_diffusion.spec import EDGE, STEPS
from mfn_grpc.core.validation import OFFERED_SUITES, Suite

LEVELS = dataclasses.astuple(features.Thresholds())
PAIRS: list[tuple[Any, Any]] = [
    (mfn_client.EarlyWarningOptions, dynamics.EarlyWarningOptions),
    (mfn_client.BoxCountOptions, fractals.BoxCountOptions),
    (mfn_client.NullComparisonOptions, fractals.NullOptions),
]
STATED = [(ours, theirs, name) for ours, theirs in PAIRS for name in ours.__dataclass_fields__]
UNRANGED = {"seed", "detrend_bandwidth_frames"}
"""Any seed of the 2^63 will do, which is not worth a line; a bandwidth ends at the window, which has a range."""


def entry(text: str | None, name: str) -> str:
    """What a docstring says of one of its names, in one line."""
    found = re.search(rf"^\s*{name}: (.*?)(?=^\s*\**\w+: |\Z)", inspect.cleandoc(text or ""), re.DOTALL | re.MULTILINE)
    assert found is not None, name
    return plain(found[1])


def plain(text: str) -> str:
    """One line, whose numbers have no commas."""
    return re.sub(r"(?<=\d),(?=\d)", "", " ".join(text.split()))


def help_of(command: ModuleType, name: str) -> str:
    """The help of an option, from the annotation of the command's parameter or from those that commands share."""
    return help_in(inspect.get_annotations(command.command, eval_str=True)[name])


def help_in(annotation: Any) -> str:
    return plain(get_args(annotation)[1].help)


def listed(choices: Any, last: str) -> str:
    *others, end = choices
    return f"{', '.join(others)} {last} {end}"


def quoted(choices: Any) -> list[str]:
    return [f'"{choice}"' for choice in choices]


def span(limit: Limit) -> str:
    return f"{limit.minimum} to {limit.maximum}"


@pytest.mark.parametrize(("ours", "theirs", "name"), STATED)
def test_an_option_states_the_engines_default(ours: Any, theirs: Any, name: str) -> None:
    own, default = ours.__dataclass_fields__[name].default, theirs.__dataclass_fields__[name].default
    if own not in {None, ()}:
        assert own == default
    elif isinstance(default, StrEnum):
        assert f'"{default}" (default' in entry(ours.__doc__, name)
    elif default is None:
        assert "Default: half the shorter side." in entry(ours.__doc__, name)
    else:
        assert f"default {in_words(default)}" in entry(ours.__doc__, name).replace(":", "").lower()


def in_words(default: Any) -> str:
    if isinstance(default, tuple):
        return "all" if default == tuple(dynamics.Indicator) else ", ".join(default)
    return str(default).lower() if isinstance(default, bool) else f"{default:g}"


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_an_option_with_a_range_states_it(ours: Any, theirs: Any) -> None:
    stated = {name: limit for name, limit in limits_of(theirs).items() if name not in UNRANGED}
    assert stated
    for name, limit in stated.items():
        assert span(limit) in entry(ours.__doc__, name), name


@pytest.mark.parametrize(
    ("options_class", "name", "choices"),
    [
        (mfn_client.EarlyWarningOptions, "indicators", dynamics.Indicator),
        (mfn_client.BoxCountOptions, "base", fractals.BoxBase),
        (mfn_client.NullComparisonOptions, "null_model", fractals.NullModel),
    ],
)
def test_an_option_names_every_choice(options_class: Any, name: str, choices: Any) -> None:
    assert re.findall(r'"\w+"', entry(options_class.__doc__, name)) == quoted(choices)


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_calls_state_the_engines_thresholds_choices_and_grid(client: Any) -> None:
    numbers = ", ".join(f"{level:g}" for level in LEVELS)
    assert f"default {numbers}, which fit mV" in " ".join(client.extract_features.__doc__.split())
    assert numbers in entry(client.simulate.__doc__, "thresholds")
    assert numbers in entry(FractalFeatures.__doc__, "thresholds")
    assert re.findall(r'"\w+"', entry(client.simulate.__doc__, "model")) == quoted(MODELS)
    assert re.findall(r'"\w+"', entry(client.simulate.__doc__, "stepper")) == quoted(Stepper)
    assert re.findall(r'"\w+"', entry(client.simulate.__doc__, "precision")) == quoted(Precision)
    assert span(STEPS) in entry(client.simulate.__doc__, "steps")
    assert span(EDGE) in entry(client.simulate.__doc__, "rows")
    assert SimulationSpec.shape == (DEFAULT_SIDE, DEFAULT_SIDE)
    assert f"or {DEFAULT_SIDE}." in entry(client.simulate.__doc__, "rows")


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_a_fractal_analysis_names_every_estimator_and_the_range_of_orders(client: Any) -> None:
    estimators = entry(client.analyze_fractal.__doc__, "estimators")
    assert re.findall(r'"\w+"', estimators) == quoted(fractals.Estimator)
    assert f'"{fractals.FractalOptions().estimators[0]}" (default)' in estimators
    assert span(ORDER) in entry(client.analyze_fractal.__doc__, "generalized_orders")


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_validate_offers_the_suites_that_there_are(client: Any) -> None:
    assert re.findall(r'"\w+"', client.validate.__doc__) == quoted(OFFERED_SUITES)
    assert inspect.signature(client.validate).parameters["suite"].default == Suite.QUICK


def test_the_command_validate_offers_the_same() -> None:
    assert help_of(validate_command, "suite") == f"{listed(OFFERED_SUITES, 'or')}."
    assert inspect.signature(validate_command.command).parameters["suite"].default == Suite.QUICK


def test_the_commands_state_the_engines_thresholds_choices_and_grid() -> None:
    assert THRESHOLDS_MV == LEVELS
    assert f"Default for mV: {' '.join(f'{level:g}' for level in LEVELS)};" in help_in(options.Thresholds)
    assert listed(Stepper, "or") in help_in(options.Stepper)
    assert help_in(options.Precision) == "float64 (default) or float32."
    assert f"{span(EDGE)}. Default: {DEFAULT_SIDE}." in help_in(options.Rows)
    assert help_in(options.Rows).replace("Rows", "Columns") == help_in(options.Cols)
    assert span(STEPS) in help_of(simulate, "steps")


def test_the_command_features_states_the_engines_defaults_and_choices() -> None:
    defaults = dynamics.EarlyWarningOptions()
    assert help_of(features_command, "watch").endswith(f"Default: {', '.join(defaults.features)}.")
    assert help_of(features_command, "window").endswith(f"Default: {defaults.window_frames}.")
    assert listed(fractals.NullModel, "or") in help_of(features_command, "null")
