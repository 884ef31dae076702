"""Faults built into the engine on purpose: each makes the checks fail that are named here, and only where it should.

A mutant is patched in at one seam and taken out again. Kernels of other kinetics are compiled under a cache folder of
the test and forgotten afterwards.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
import pytest

from mfn_grpc.core.reaction_diffusion import GrayScott, Schnakenberg, Stepper
from mfn_grpc.core.reaction_diffusion.boundary import ghosts
from mfn_grpc.core.reaction_diffusion.programs import explicit, kernels, mycelium, semi_implicit
from tests.core.validation.running import failing

PERCENT = 1.01


@pytest.fixture
def own_kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels made here are compiled anew, cached here, and forgotten; those of the library keep their place."""
    monkeypatch.setattr(numba.core.config, "CACHE_DIR", str(tmp_path))
    for name in ("reaction_of", "march_of", "wavefront_of", "_cell_of", "_compiled"):
        monkeypatch.setattr(kernels, name, cache(getattr(kernels, name).__wrapped__))
    monkeypatch.setattr(explicit, "march_of", kernels.march_of)
    monkeypatch.setattr(explicit, "wavefront_of", kernels.wavefront_of)
    monkeypatch.setattr(semi_implicit, "reaction_of", kernels.reaction_of)


def assert_caught(by: list[str], *, passing: list[str]) -> None:
    assert failing(by) == by
    assert failing(passing) == []


@pytest.mark.parametrize(
    ("weight", "caught"),
    [
        ("weight_u", ["growth_schnakenberg", "growth_gray_scott", "heat_eigenvalue_3_5", "heat_amplitude_100_steps"]),
        (
            "weight_v",
            ["growth_schnakenberg", "growth_gierer_meinhardt", "growth_brusselator", "growth_fitzhugh_nagumo"],
        ),
    ],
)
def test_diffusion_off_by_one_per_cent_is_caught(
    weight: str, caught: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = explicit.euler_scalars

    def off(*arguments: Any) -> Any:
        scalars = exact(*arguments)
        return scalars._replace(**{weight: PERCENT * getattr(scalars, weight)})

    monkeypatch.setattr(explicit, "euler_scalars", off)
    assert_caught(caught, passing=["conservation_no_flux", "tiling_2x2", "kinetics_schnakenberg", "growth_mycelium"])


@pytest.mark.parametrize(
    ("number", "factor", "caught"),
    [
        ("alpha", PERCENT, ["mycelium_wave_factor"]),
        ("alpha", 0.9, ["mycelium_wave_factor"]),
        ("leak_rate", PERCENT, ["mycelium_wave_factor", "mycelium_leak"]),
        ("coupling_mv", -1, ["mycelium_coupling"]),
        ("coupling_mv", PERCENT, ["mycelium_coupling"]),
        ("threshold", PERCENT, ["mycelium_coupling"]),
        ("threshold", 0.5, ["mycelium_coupling", "mycelium_below_threshold"]),
        ("activator_diffusion", PERCENT, ["growth_mycelium"]),
        ("inhibitor_diffusion", PERCENT, ["growth_mycelium"]),
    ],
)
def test_a_number_of_the_mycelium_that_is_off_is_caught(
    number: str, factor: float, caught: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = mycelium._scalars

    def off(*arguments: Any) -> Any:
        scalars = exact(*arguments)
        return scalars._replace(**{number: type(scalars.zero)(factor * getattr(scalars, number))})

    monkeypatch.setattr(mycelium, "_scalars", off)
    of_the_potential = ["mycelium_wave_factor", "mycelium_leak", "mycelium_coupling", "mycelium_below_threshold"]
    others = [name for name in of_the_potential if name not in caught]
    assert_caught(caught, passing=[*others, "growth_gierer_meinhardt", "mycelium_event_rate"])


def test_implicit_diffusion_off_by_one_per_cent_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = semi_implicit.SemiImplicitProgram.__init__

    def off(self: Any, *arguments: Any) -> None:
        exact(self, *arguments)
        self._decay_down *= PERCENT

    monkeypatch.setattr(semi_implicit.SemiImplicitProgram, "__init__", off)
    caught = ["semi_implicit_heat_factor", "semi_implicit_no_flux_factor"]
    assert_caught(caught, passing=["rk4_heat_factor", "heat_eigenvalue_3_5"])


def minus_conversion_of_u(u: Any, v: Any, coefficients: tuple[Any, ...]) -> tuple[Any, Any]:
    a, b = coefficients
    conversion = u * u * v
    return (a - u) - conversion, b - conversion


def plus_conversion_of_v(u: Any, v: Any, coefficients: tuple[Any, ...]) -> tuple[Any, Any]:
    a, b = coefficients
    conversion = u * u * v
    return (a - u) + conversion, b + conversion


@pytest.mark.parametrize("mutant", [minus_conversion_of_u, plus_conversion_of_v], ids=["u", "v"])
def test_a_swapped_sign_in_schnakenberg_is_caught(
    mutant: Callable[..., Any], own_kernels: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Schnakenberg, "kinetics", staticmethod(mutant))
    caught = ["growth_schnakenberg", "kinetics_schnakenberg"]
    assert_caught(caught, passing=["critical_ratio_schnakenberg", "mycelium_leak"])


def feeding_both(u: Any, v: Any, coefficients: tuple[Any, ...]) -> tuple[Any, Any]:
    feed, removal = coefficients
    conversion = u * v * v
    return (feed - feed * u) + conversion, conversion - removal * v


def test_a_swapped_sign_in_gray_scott_is_caught(own_kernels: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GrayScott, "kinetics", staticmethod(feeding_both))
    caught = ["growth_gray_scott", "conservation_gray_scott", "kinetics_gray_scott"]
    assert_caught(caught, passing=["heat_eigenvalue_3_5", "mycelium_leak"])


def test_kernels_of_mutants_leave_nothing_behind() -> None:
    """After the tests above: the same names compute what they should, from the library's own cache."""
    checks = ["growth_schnakenberg", "growth_gray_scott", "kinetics_schnakenberg", "kinetics_gray_scott"]
    assert failing([*checks, "conservation_gray_scott"]) == []
    assert all("conversion_of" not in name and "feeding_both" not in name for name in cached_kernels())


def cached_kernels() -> list[str]:
    """Names of the files in the folders where the library's kernels are cached."""
    kernel: Any = kernels.march_of("schnakenberg", Stepper.EULER)
    folders = Path(kernel.stats.cache_path), Path(__file__).parent / "__pycache__"
    return [path.name for folder in folders for path in folder.glob("*.nb*")]


SIDES = ["top", "bottom", "left", "right"]


@pytest.mark.parametrize("side", range(4), ids=SIDES)
def test_a_shifted_boundary_is_caught(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One ghost row or column copies a neighbour of what it should copy."""
    exact = ghosts

    def shifted(*arguments: Any) -> Any:
        found = exact(*arguments)
        source = found.source.copy()
        source[side] += 1 if source[side] == 1 else -1
        return found._replace(source=source)

    monkeypatch.setattr(explicit, "ghosts", shifted)
    caught = [
        "conservation_gray_scott",
        "conservation_no_flux",
        "heat_other_waves",
        "tiling_2x2",
        "translation_commutes",
        "no_flux_mirror",
    ]
    of_rows = ["no_flux_wave", "fixed_wave", "mixed_wave", "fixed_linear_profile"]
    assert_caught(caught + (of_rows if side < 2 else []), passing=["kinetics_gray_scott", "semi_implicit_heat_factor"])


def test_a_gas_constant_off_by_a_millionth_is_caught() -> None:
    """Another process: the constant is changed before anything takes it over."""
    program = """
import mfn_grpc.core.constants as constants
constants.GAS_CONSTANT_J_PER_MOL_K *= 1 + 1e-6
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.validation import Suite, checks_of, run_check
print(*(check.name for check in checks_of(Suite.PHYSICS) if not finish(run_check(check, 0)).passed))
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [
        "gas_constant",
        "thermal_voltage_25c",
        "thermal_voltage_37c",
        "nernst_per_decade_25c",
        "nernst_per_decade_37c",
        "nernst_potassium_37c",
        "nernst_sodium_37c",
        "nernst_calcium_37c",
        "nernst_chloride_37c",
        "nernst_squid_potassium",
        "nernst_squid_sodium",
        "nernst_batch_calcium_37c",
        "goldman_squid_rest",
        "goldman_one_permeant_ion",
        "goldman_with_calcium",
        "ghk_current_at_minus_80_mv",
    ]
