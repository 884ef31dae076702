"""Digests of states that must never change unless NUMERICS_VERSION does: results and resume tokens carry it."""

import hashlib
import platform

import numpy as np
import pytest
from numpy.typing import NDArray

from mfn_grpc.core.reaction_diffusion import NUMERICS_VERSION, Model, Mycelium, Precision, Simulation, SimulationSpec
from tests.core.reaction_diffusion.cases import TWO_SPECIES, boundaries_of, make_spec, quiet

SHAPE = (32, 32)
VERSION = "1"
# As sha256sum would list them.
TABLE = """
e636667ea292ba9029f52f66e12a78da6a23ed362800d783215c495cf219fa30  gray_scott float64
b90a76c2479d16575d35b5428f1950958b9a590acbb696ca5f7b22f2141a3abb  schnakenberg float64
df148dc0f68117d7d308f7fe5f2cd975e3fe92d39c76bd2fd123cfcb57b9d55e  gierer_meinhardt float64
862d38b991b8d964b252650916266006483437e41752e8a546169de8e1b8c2e6  brusselator float64
f1b23d57f30b1b1db859e2b6321e464b0bb04545e1032b66308ad7bfe794c75e  fitzhugh_nagumo float64
db06fdd0190dfd994584b70fd7d16e213d4c89f9ce2d1e939b76a3b6c46ea8a9  gray_scott float32
a977c656dd4a458aef925942fb8381ab56fbf1b3b38816ec415d7342425711f9  schnakenberg float32
55b7d90f84a8986d703d2ae7a646fd069eb7be8bed50d4ec00808e24de4df715  gierer_meinhardt float32
c023f7d71e7947b7f4bcf68e4ce720f73e60a3a7500a681b5da94cd158fe5c43  brusselator float32
1a0a8bb820a02ae38340d94606f656178d1c203347edf65f754b51ad953f9049  fitzhugh_nagumo float32
df5ca37d855f3dd6d8ae94238715217edd5e0a83ff66980c5a06c48813de148b  gray_scott mixed
00966a9c3b74f5ba40fed59a4a6c42c23888e3d39fb7fef613fab47319695af3  schnakenberg mixed
1218f074c774686bdd153d24fa876f5d09f7f0c7ea1b17d554990081a2acc46d  gierer_meinhardt mixed
bdc7d2837b9fc7199dcc1d8f1730bb6633a54efb781f51d1ee800ac388f9faf6  brusselator mixed
6eeb9b2b5ba0c57a254c7aca1dba5042d36dcb7801c7c56036d79a03041141ad  fitzhugh_nagumo mixed
84bc80e8de4ff63933517b11deb38bf6f69fcd1caf181d7f1848d7c743a986aa  mycelium quiet
86fa9a9a978b02f28f44450e092f9242a88db1eea7bc2657283a21a1cb1a2b91  mycelium events
8c85c6dd59a6e09b805870efde18ab4b534d9e014d60c821510d8180bf26b2ce  mycelium events and jitter
"""
DIGESTS = {name: digest for digest, name in (line.split("  ") for line in TABLE.strip().splitlines())}


def digest_of(spec: SimulationSpec) -> str:
    """SHA-256 of the state after 100 steps, little endian."""
    simulation = Simulation(spec)
    simulation.advance(100)
    assert simulation.is_finite()
    ordered = simulation.state.astype(spec.dtype.newbyteorder("<"))
    return hashlib.sha256(ordered.tobytes()).hexdigest()


def exact_state() -> NDArray[np.float64]:
    """A mycelium's state in eighths and sixteenths: no function of the C library enters."""
    rows, cols = np.indices(SHAPE)
    state = np.empty((3, *SHAPE))
    state[0] = -70 + ((7 * rows + 13 * cols) % 31 - 15) / 8
    state[1] = 1 + ((5 * rows + 3 * cols) % 17) / 16
    state[2] = 1 + ((3 * rows + 11 * cols) % 13) / 16
    return state


def assert_pinned(name: str, spec: SimulationSpec) -> None:
    remedy = "bits have changed: raise NUMERICS_VERSION and pin the new digests under it"
    assert digest_of(spec) == DIGESTS[name], f"{name}: {remedy}"


def test_the_digests_are_those_of_this_version() -> None:
    assert NUMERICS_VERSION == VERSION


@pytest.mark.parametrize("precision", list(Precision))
@pytest.mark.parametrize("model", TWO_SPECIES, ids=lambda model: model.name)
def test_two_species_have_the_same_bits_on_every_platform(model: type[Model], precision: Precision) -> None:
    assert_pinned(f"{model.name} {precision}", make_spec(model(), shape=SHAPE, seed=1, precision=precision))


@pytest.mark.parametrize("model", TWO_SPECIES, ids=lambda model: model.name)
def test_boundaries_and_spacing_have_the_same_bits_on_every_platform(model: type[Model]) -> None:
    spec = make_spec(model(), shape=SHAPE, seed=1, spacing=(1.25, 1.5), boundaries=boundaries_of(model)["mixed"])
    assert_pinned(f"{model.name} mixed", spec)


def test_the_mycelium_without_gaussians_has_the_same_bits_on_every_platform() -> None:
    assert_pinned("mycelium quiet", make_spec(quiet(), shape=SHAPE, seed=1, initial_state=exact_state()))


@pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"),
    reason="Gaussians draw on the C library: these digests are those of Linux on x86-64",
)
@pytest.mark.parametrize("jitter", [False, True], ids=["events", "events and jitter"])
def test_the_mycelium_with_gaussians_has_the_same_bits_on_this_platform(*, jitter: bool) -> None:
    name = "mycelium events and jitter" if jitter else "mycelium events"
    assert_pinned(name, make_spec(Mycelium(quantum_jitter=jitter), shape=SHAPE, seed=1))
