"""ListModels and AnalyzeStability tell all that the core knows, and the contract's comments tell the same."""

import importlib.util
import math
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from mfn_grpc.core.limits import limits_of
from mfn_grpc.core.reaction_diffusion import MODELS, SimulationSpec, analyze
from mfn_grpc.core.reaction_diffusion.stability import largest_stable_dt
from mfn_grpc.v1 import simulation_pb2 as pb
from tests.contract.conftest import load_script
from tests.contract.walk import elements_of
from tests.server.calling import Wire
from tests.server.specs import spec

ONEOF = pb.SimulationSpec.DESCRIPTOR.oneofs_by_name["model"].fields[:]
NUMBER = r"(-?\d+(?:\.\d+)?)"
RANGE = re.compile(rf"{NUMBER} to {NUMBER}, default {NUMBER}")
SWITCH = re.compile(r"Default (true|false)\.")


@pytest.fixture(scope="module")
def listed(wire: Wire) -> dict[str, Any]:
    return {model.name: model for model in wire.answer("ListModels", pb.ListModelsRequest()).models}


@pytest.fixture(scope="module")
def comments(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the contract says of every field, by its full name."""
    if importlib.util.find_spec("grpc_tools") is None:
        pytest.skip("grpcio-tools is not installed; get it with: pip install -e '.[dev]'")
    files = load_script(root / "protos" / "generate.py").descriptors(tmp_path_factory.mktemp("descriptors"))
    return {element.name: element.comment for file in files.file for element in elements_of(file)}


def test_the_models_are_those_of_the_spec_in_its_order(listed: dict[str, Any]) -> None:
    assert list(listed) == [field.name for field in ONEOF] == list(MODELS)


@pytest.mark.parametrize("message", ONEOF, ids=lambda field: field.name)
def test_every_parameter_is_listed_with_the_cores_default_and_range(listed: dict[str, Any], message: Any) -> None:
    model = MODELS[message.name]
    found = {parameter.name: parameter for parameter in listed[message.name].parameters}
    assert list(found) == [field.name for field in message.message_type.fields] == list(limits_of(model))
    defaults: dict[str, Any] = {field.name: field.default for field in fields(model)}
    for name, default in defaults.items():
        limit, parameter = limits_of(model)[name], found[name]
        assert (parameter.default_value, parameter.min, parameter.max) == (
            float(default),
            limit.minimum,
            limit.maximum,
        )
        assert parameter.min <= parameter.default_value <= parameter.max
        assert (parameter.unit, parameter.description) == (limit.unit, limit.description)
        assert parameter.is_switch == isinstance(default, bool)
        assert parameter.description
        assert parameter.unit


@pytest.mark.parametrize("name", MODELS)
def test_every_model_tells_its_species_equations_source_and_time_step(listed: dict[str, Any], name: str) -> None:
    model, found = MODELS[name], listed[name]
    assert [(species.name, species.unit) for species in found.species] == [(s.name, s.unit) for s in model.species]
    assert (found.title, found.equations, found.reference) == (model.title, model.equations, model.reference)
    assert all((found.title, found.equations, found.reference))
    assert found.default_dt == model.default_dt > 0


@pytest.mark.parametrize("message", ONEOF, ids=lambda field: field.name)
def test_the_comments_of_the_contract_state_the_cores_defaults_and_ranges(
    comments: dict[str, str], message: Any
) -> None:
    model = MODELS[message.name]
    defaults = {field.name: field.default for field in fields(model)}
    for name, limit in limits_of(model).items():
        comment = comments[f"{message.message_type.name}.{name}"]
        if isinstance(defaults[name], bool):
            found = SWITCH.search(comment)
            assert found is not None, comment
            assert found[1] == str(defaults[name]).lower()
            continue
        stated = RANGE.search(comment)
        assert stated is not None, comment
        assert [float(number) for number in stated.groups()] == [limit.minimum, limit.maximum, defaults[name]], name


def test_what_a_model_lists_as_default_is_what_a_run_starts_with(wire: Wire, listed: dict[str, Any]) -> None:
    for name, model in listed.items():
        answer = wire.answer("RunSimulation", pb.RunSimulationRequest(spec=spec(name, steps=1)))
        started = getattr(answer.started.spec, name)
        assert {p.name: p.default_value for p in model.parameters} == {
            field.name: float(value) for field, value in started.ListFields()
        }
        assert answer.started.spec.dt == model.default_dt


def stability(wire: Wire, message: pb.SimulationSpec) -> pb.StabilityReport:
    report: pb.StabilityReport = wire.answer("AnalyzeStability", pb.AnalyzeStabilityRequest(spec=message)).stability
    return report


def same(found: float, expected: float) -> bool:
    return found == expected or (math.isnan(found) and math.isnan(expected))


@pytest.mark.parametrize("name", MODELS)
def test_the_analysis_over_the_wire_is_the_cores_field_by_field(wire: Wire, name: str) -> None:
    found = stability(wire, spec(name, shape=(64, 48)))
    expected = analyze(SimulationSpec(MODELS[name](), shape=(64, 48)))
    assert tuple(found.species) == expected.species
    assert (found.dt, found.dt_is_stable) == (expected.dt, expected.dt_is_stable)
    assert len(found.steady_states) == len(expected.steady_states)
    for sent, state in zip(found.steady_states, expected.steady_states, strict=True):
        assert tuple(sent.values) == tuple(state.values)
        assert tuple(sent.jacobian) == tuple(state.jacobian)
        assert same(sent.turing_margin, state.turing_margin)
        assert (sent.stable_without_diffusion, sent.turing_unstable) == (
            state.stable_without_diffusion,
            state.turing_unstable,
        )
        for field in ("critical_ratio", "critical_wavelength", "continuum", "grid"):
            assert sent.HasField(field) == (getattr(state, field) is not None), field
        for field in ("continuum", "grid"):
            if sent.HasField(field):
                band = getattr(sent, field)
                assert {each.name: getattr(band, each.name) for each in band.DESCRIPTOR.fields} == vars(
                    getattr(state, field)
                )


@pytest.mark.parametrize("name", MODELS)
def test_every_stepper_of_the_contract_has_its_limit(wire: Wire, name: str) -> None:
    found = stability(wire, spec(name))
    expected = analyze(SimulationSpec(MODELS[name](), shape=(16, 16)))
    limits = {limit.stepper: limit for limit in found.step_limits}
    assert [pb.Stepper.Name(stepper).removeprefix("STEPPER_") for stepper in limits] == [
        limit.stepper.name for limit in expected.step_limits
    ]
    assert [(limit.max_dt, limit.limited_by) for limit in limits.values()] == [
        (limit.max_dt, limit.limited_by) for limit in expected.step_limits
    ]


def test_schnakenbergs_turing_case_is_murrays(wire: Wire) -> None:
    report = stability(wire, pb.SimulationSpec(schnakenberg=pb.SchnakenbergModel()))
    (state,) = report.steady_states
    assert tuple(state.values) == pytest.approx((1.0, 0.9))
    assert state.turing_unstable
    assert state.critical_ratio == pytest.approx(8.567627, abs=1e-6)
    assert state.critical_wavelength == pytest.approx(10.74967, abs=1e-5)
    assert state.continuum.wavelength == pytest.approx(2 * math.pi / state.continuum.wavenumber_fastest)


def test_a_mycelium_with_turing_off_has_no_steady_state_to_analyse(wire: Wire) -> None:
    off = pb.SimulationSpec(mycelium=pb.MyceliumModel(turing_enabled=False))
    assert not stability(wire, off).steady_states


def test_the_step_limit_refused_by_a_run_is_the_one_that_the_analysis_states(wire: Wire) -> None:
    report = stability(wire, spec("schnakenberg"))
    euler = next(limit for limit in report.step_limits if limit.stepper == pb.STEPPER_EULER)
    refusal = wire.refusal("Simulate", pb.SimulateRequest(spec=spec("schnakenberg", dt=100.0)))
    assert f"at most {euler.max_dt} " in refusal.violations["spec.dt"]
    core = SimulationSpec(MODELS["schnakenberg"]())
    assert euler.max_dt == largest_stable_dt(core.model.turing_system(), (1.0, 1.0), core.stepper).max_dt
