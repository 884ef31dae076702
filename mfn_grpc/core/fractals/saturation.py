"""Which scales of a box count say something about the set, and which only about its window or its cells."""

from mfn_grpc.core.fractals.counting import Scale


def used_scales(scales: list[Scale]) -> list[bool]:
    """Whether each scale, edges rising, belongs in a fit.

    A count is saturated where every box is counted, where one box holds everything, and where no box of a larger edge
    holds more than one of the smallest (the set is a few points there). Not saturated are a set that fills its window
    on the smallest scale, where boxes that fit the window are used, and a set of a few points on all scales.
    """
    found = [scale for scale in scales if scale.boxes]
    if not found:
        return [False] * len(scales)
    smallest = found[0]
    if smallest.boxes == smallest.places:
        return [scale.fits and scale.boxes == scale.places for scale in scales]
    same = [scale for scale in found if scale.boxes == smallest.boxes]
    first = smallest.edge if len(same) == len(found) else same[-1].edge
    return [scale.edge >= first and 1 < scale.boxes < scale.places for scale in scales]
