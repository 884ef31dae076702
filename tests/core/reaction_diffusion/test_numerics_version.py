"""Digests of states that must never change unless NUMERICS_VERSION does: results and resume tokens carry it."""

import hashlib
import platform

import numpy as np
import pytest
from numpy.typing import NDArray

from mfn_grpc.core.reaction_diffusion import (
    NUMERICS_VERSION,
    Model,
    Mycelium,
    Precision,
    Simulation,
    SimulationSpec,
    Stepper,
)
from tests.core.reaction_diffusion.cases import EXPLICIT, TWO_SPECIES, boundaries_of, make_spec, quiet

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
c01dc2341d2313cd40b6d9562d3b0ce370134664c3c29f4346ab3c036f1f4fbf  gray_scott float64 rk4
b407334c174aeabf349ba144e15ef7679af07e2d5a21ba424e0d6a5746da3fc3  schnakenberg float64 rk4
cb7f848e9d544c8e750632295c5a10e2cabf5033d4b339dab1adbfb7c557dc14  gierer_meinhardt float64 rk4
2839aefa1f36b4040b876707194bce668f0761bf25225a9579ed4f3314576416  brusselator float64 rk4
a96c5584d916546600ca5ca68cb329b27acbdfcc61acae6fe62e5604bf5db21f  fitzhugh_nagumo float64 rk4
3b942bf6985903756b244b7ab8431ae3ec7ba4726c6f4dbedebfdcba86d568cf  gray_scott float32 rk4
4702d248f5d87878836878c3cd110aa822d19b1efdc35ef27a77b327100e518d  schnakenberg float32 rk4
f73ad138042091e7d6832505a5d2fffd96af2530e81160e22e61593bc155240f  gierer_meinhardt float32 rk4
45d46c471289ef5cb8045e3cb50668c8f8fb2582c20a63ad74dc697a3d3e40ab  brusselator float32 rk4
da3d4e58f5346b90461fb536da3245e51a140f66058f13c9993d6f1f8fb095d3  fitzhugh_nagumo float32 rk4
c1f2b49bf9ff424d20182e898d1c2fa964dfc5d4116b208ba3134c3ce8692d63  gray_scott mixed rk4
2041b024489e77f3b006d293037fc8d87b43cf6fd398692d1ee764fd0dbf005b  schnakenberg mixed rk4
c36b53f0ff79df6522b50bda87d4e01e683bf97abcff322877503a18301772e3  gierer_meinhardt mixed rk4
135524e9eb7f458f896debb4694ba1d4d57584ad43317a233f07dd3f4c9eb354  brusselator mixed rk4
df5b14a5c008e7983a299141e938ad0339b6d2961099589310483d781551da54  fitzhugh_nagumo mixed rk4
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


def named(stepper: Stepper) -> str:
    """What a name in the table adds for a stepper."""
    return "" if stepper is Stepper.EULER else f" {stepper}"


@pytest.mark.parametrize("precision", list(Precision))
@pytest.mark.parametrize("stepper", EXPLICIT)
@pytest.mark.parametrize("model", TWO_SPECIES, ids=lambda model: model.name)
def test_two_species_have_the_same_bits_on_every_platform(
    model: type[Model], stepper: Stepper, precision: Precision
) -> None:
    spec = make_spec(model(), shape=SHAPE, seed=1, precision=precision, stepper=stepper)
    assert_pinned(f"{model.name} {precision}{named(stepper)}", spec)


@pytest.mark.parametrize("stepper", EXPLICIT)
@pytest.mark.parametrize("model", TWO_SPECIES, ids=lambda model: model.name)
def test_boundaries_and_spacing_have_the_same_bits_on_every_platform(model: type[Model], stepper: Stepper) -> None:
    edges = boundaries_of(model)["mixed"]
    spec = make_spec(model(), shape=SHAPE, seed=1, spacing=(1.25, 1.5), boundaries=edges, stepper=stepper)
    assert_pinned(f"{model.name} mixed{named(stepper)}", spec)


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
