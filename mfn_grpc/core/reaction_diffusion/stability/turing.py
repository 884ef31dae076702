"""When diffusion makes a stable homogeneous state unstable (Turing 1952; Murray 2003, volume II, section 2.3)."""

import math

from mfn_grpc.core.reaction_diffusion.stability.dispersion import Dispersion


def turing_margin(relation: Dispersion) -> float:
    """Dv fu + Du gv - 2 sqrt(Du Dv det J): Turing instability needs it above 0. NaN when det J < 0."""
    determinant = relation.determinant
    if determinant < 0:
        return math.nan
    geometric_mean = math.sqrt(relation.du) * math.sqrt(relation.dv)
    return relation.dv * relation.fu + relation.du * relation.gv - 2.0 * geometric_mean * math.sqrt(determinant)


def is_turing_unstable(relation: Dispersion) -> bool:
    """Whether tr J < 0, det J > 0 and the margin is positive."""
    return relation.stable_without_diffusion and turing_margin(relation) > 0


def critical_ratio(relation: Dispersion) -> float | None:
    """The ratio of the inhibitor's to the activator's diffusion above which the state is Turing-unstable.

    ((sqrt(det J) + sqrt(-fv gu)) / fa)^2, the root of the margin in the square root of the ratio, with fa the diagonal
    entry of the activator. None when the state is unstable without diffusion or neither species activates itself.
    """
    activation = max(relation.fu, relation.gv)
    if not (relation.stable_without_diffusion and activation > 0):
        return None
    # tr J < 0 leaves the other species negative, and det J > 0 then makes fv gu negative.
    root = (math.sqrt(relation.determinant) + math.sqrt(-relation.fv * relation.gu)) / activation
    return root * root


def critical_wavelength(relation: Dispersion) -> float | None:
    """Wavelength that neither grows nor decays at the critical ratio, with the activator's diffusion as it is.

    2 pi / k with k^4 = det J / (Da Di), in length units; None where there is no critical ratio.
    """
    ratio = critical_ratio(relation)
    if ratio is None:
        return None
    activator_diffusion = relation.du if relation.fu > 0 else relation.dv
    return 2.0 * math.pi * math.sqrt(activator_diffusion * math.sqrt(ratio / relation.determinant))
