"""Modules that are imported when they are first used."""

import os
import pickle
import subprocess
import sys

import pytest

from mfn_client import _results
from mfn_client._late import late

NOT_YET = ("_federation_results", "_policies", "_rules", "_fractals", "_features", "_validation", "_results")


def printed_by(code: str) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize("face", ["Client", "AsyncClient"])
def test_a_client_loads_no_part_that_it_may_never_use(face: str) -> None:
    loaded = printed_by(f"import sys\nfrom mfn_client import {face}\nprint(*sys.modules)")
    assert "mfn_client._calls" in loaded
    assert not set(loaded) & {f"mfn_client.{name}" for name in NOT_YET}
    assert not set(loaded) & {
        f"mfn_grpc.v1.{name}_pb2" for name in ("federation", "features", "simulation", "validation")
    }
    assert not set(loaded) & {"google.rpc.error_details_pb2", "google.protobuf.wrappers_pb2"}


def test_nothing_is_imported_before_a_name_is_asked_for() -> None:
    code = (
        "import sys\nfrom mfn_client._late import late\nspectrum = late('mfn_client._spectrum')\n"
        "print('mfn_client._spectrum' in sys.modules)\n"
        "spectrum.peak_wavelength\nprint('mfn_client._spectrum' in sys.modules)"
    )
    assert printed_by(code) == ["False", "True"]


def test_a_late_name_is_the_module_s_own_as_it_is_at_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    results = late("mfn_client._results")
    assert results.Species is _results.Species
    another = object()
    monkeypatch.setattr(_results, "Species", another)
    assert results.Species is another


def test_a_name_that_is_not_there_is_an_attribute_error_that_names_the_module() -> None:
    with pytest.raises(AttributeError, match=r"mfn_client\._results"):
        late("mfn_client._results").nothing  # noqa: B018  # looking it up is what is tested


def test_results_of_late_modules_travel_between_processes() -> None:
    results = late("mfn_client._results")
    species = results.Species("u", "mV")
    assert pickle.loads(pickle.dumps(species)) == _results.Species("u", "mV")
