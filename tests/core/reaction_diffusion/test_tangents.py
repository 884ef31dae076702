"""Tangents of the kinetics: what the models say a small perturbation does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfn_grpc.core.reaction_diffusion import Model, TwoSpeciesModel
from tests.core.reaction_diffusion.cases import ALL_MODELS, TWO_SPECIES, jacobian_of, rough_state

each_model = pytest.mark.parametrize("model", TWO_SPECIES, ids=lambda model: model.name)


@settings(max_examples=100)
@given(st.sampled_from(TWO_SPECIES), st.floats(0.1, 3), st.floats(0.1, 3), st.floats(-1, 1), st.floats(-1, 1))
def test_a_tangent_is_the_jacobian_of_the_printed_rates_times_the_perturbation(
    model: type[TwoSpeciesModel], u: float, v: float, du: float, dv: float
) -> None:
    instance = model()
    expected = jacobian_of(instance, u, v) @ [du, dv]
    # No entry of these Jacobians exceeds 1e3 (u / v up to 30, squared), so that roundings stay below 1e-12.
    assert instance.kinetics_tangent(u, v, du, dv, instance.coefficients()) == pytest.approx(expected, abs=1e-12)


@each_model
def test_whole_fields_are_cell_by_cell_the_same(model: type[TwoSpeciesModel]) -> None:
    instance, (u, v) = model(), rough_state(model(), (3, 4))
    du, dv = rough_state(instance, (3, 4), seed=1)
    whole = np.stack(instance.kinetics_tangent(u, v, du, dv, instance.coefficients()))
    for place in np.ndindex(3, 4):
        cell = instance.kinetics_tangent(u[place], v[place], du[place], dv[place], instance.coefficients())
        assert whole[:, *place].tolist() == list(cell)


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.name)
def test_every_species_has_its_diffusion(model: type[Model]) -> None:
    instance = model()
    assert len(instance.diffusion) == len(instance.species)
    assert instance.diffusion[-2:] == instance.turing_system().diffusion
