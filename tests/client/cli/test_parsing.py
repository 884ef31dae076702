"""The small languages of the command line."""

import pytest

from mfn_client import Boundary, Ion
from mfn_client.cli.failures import UsageError
from mfn_client.cli.options import spec_arguments
from mfn_client.cli.parsing import parse_boundaries, parse_ion, parse_parameters, parse_spacing


def test_parameters_are_numbers_or_switches() -> None:
    found = parse_parameters(["feed=0.05", "a=3", "turing_enabled=false", "on=YES", "x = -1e-3"])
    assert found == {"feed": 0.05, "a": 3, "turing_enabled": False, "on": True, "x": -0.001}
    assert [type(value) for value in found.values()] == [float, int, bool, bool, float]


@pytest.mark.parametrize(
    ("texts", "word"),
    [
        (["feed"], "must be NAME=VALUE"),
        (["=1"], "must be NAME=VALUE"),
        (["feed=much"], "must be a number or true/false"),
        (["feed="], "must be a number or true/false"),
        (["a=1", "a=2"], "given twice"),
    ],
)
def test_other_parameters_are_refused(texts: list[str], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        parse_parameters(texts)


def test_spacing_is_one_number_or_two() -> None:
    assert parse_spacing(None) is None
    assert parse_spacing("0.5") == 0.5
    assert parse_spacing("0.5,2") == (0.5, 2.0)
    for text in ("a", "1,2,3", ""):
        with pytest.raises(UsageError, match="--spacing"):
            parse_spacing(text)


def test_boundaries_are_for_all_edges_for_axes_or_for_ends() -> None:
    periodic, no_flux, fixed = Boundary("periodic"), Boundary("no_flux"), Boundary("fixed", (1.0, 0.25))
    assert parse_boundaries([]) is None
    assert parse_boundaries(["no_flux"]) == [no_flux]
    assert parse_boundaries(["periodic", "no_flux/fixed:1,0.25"]) == [periodic, (no_flux, fixed)]


@pytest.mark.parametrize(
    ("texts", "word"), [(["a"] * 3, "once"), (["a/b/c"], "two ends"), (["fixed:x"], "must be numbers")]
)
def test_other_boundaries_are_refused(texts: list[str], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        parse_boundaries(texts)


def test_an_ion_is_five_parts() -> None:
    assert parse_ion("Cl:-1:0.45:0.11:1e-2") == Ion(-1, 0.45, 0.11, 0.01, "Cl")
    for text in ("K:1:1", "K:one:1:1:1", "K:1:1:1:x", "K:1.5:1:1:1"):
        with pytest.raises(UsageError, match="NAME:Z:PERMEABILITY:OUT:IN"):
            parse_ion(text)


def test_options_become_the_clients_arguments_and_silence_stays_silent() -> None:
    assert spec_arguments(None, None, None, None, None, None, None, None) == {}
    found = spec_arguments(8, 16, 0.5, "2", ["no_flux"], "float32", "euler", ["feed=1"])
    assert found == {
        "rows": 8,
        "cols": 16,
        "dt": 0.5,
        "spacing": 2.0,
        "boundary": [Boundary("no_flux")],
        "precision": "float32",
        "stepper": "euler",
        "feed": 1,
    }


def test_a_parameter_named_like_an_option_is_refused_with_the_option() -> None:
    with pytest.raises(UsageError, match="use the option --dt instead"):
        spec_arguments(None, None, None, None, None, None, None, ["dt=0.1"])
