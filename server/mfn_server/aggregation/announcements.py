"""What a client announces beside its round's tensors: screened, and kept in as little memory as it can be."""

from collections.abc import Callable

from mfn_grpc.core.aggregation import VerdictReason
from mfn_grpc.tensors import UPDATE_TYPES, Layout, in_words, manifest_faults, mismatch, payload_bytes
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1.federation_pb2 import AggregateClientBegin, TensorManifest
from mfn_server.aggregation.memory import MOST_LAYOUT_BYTES
from mfn_server.aggregation.requests import Plan, weight_of
from mfn_server.aggregation.uploads import Screening
from mfn_server.errors import Fault

TENSOR_BYTES = 17
"""What one tensor of a client's own manifest takes."""


class Layouts:
    """The layouts of one round's clients; those without a manifest of their own share the round's."""

    def __init__(self, manifest: TensorManifest) -> None:
        self._round = Layout(manifest)
        self._held = 0

    def of(self, begin: AggregateClientBegin) -> Layout:
        """The layout of a client whose announcement passed the screens."""
        if not begin.HasField("manifest"):
            return self._round
        self._held += TENSOR_BYTES * len(begin.manifest.tensors)
        if self._held > MOST_LAYOUT_BYTES:
            text = f"the manifests of the clients' own take more than {MOST_LAYOUT_BYTES} bytes together"
            remedy = "send fewer clients with manifests of their own, or fewer tensors"
            raise Fault(reasons.ERROR_REASON_QUOTA_EXCEEDED, f"{text}; {remedy}")
        return Layout(begin.manifest, like=self._round)


def screening_of(begin: AggregateClientBegin, plan: Plan) -> Screening | None:
    """Why what a client announces cannot be part of the round, or None."""
    for screen in _SCREENS:
        if screening := screen(begin, plan):
            return screening
    return None


def _weight_screen(begin: AggregateClientBegin, plan: Plan) -> Screening | None:
    weight, most = weight_of(begin), plan.policy.screens.max_weight
    if weight <= most:
        return None
    return Screening(VerdictReason.WEIGHT, f"its weight is {weight:g}, at most {most:g} is accepted")


def _manifest_screen(begin: AggregateClientBegin, plan: Plan) -> Screening | None:
    if not begin.HasField("manifest"):
        return None
    faults = manifest_faults(begin.manifest) or mismatch(begin.manifest, plan.manifest, UPDATE_TYPES)
    if not faults:
        return None
    return Screening(VerdictReason.MANIFEST, f"its manifest cannot be the round's: {in_words(faults)}")


def _length_screen(begin: AggregateClientBegin, plan: Plan) -> Screening | None:
    needed = payload_bytes(begin.manifest if begin.HasField("manifest") else plan.manifest)
    if begin.total_bytes == needed:
        return None
    return Screening(VerdictReason.MANIFEST, f"it has {begin.total_bytes} bytes, its tensors need {needed}")


_SCREENS: tuple[Callable[[AggregateClientBegin, Plan], Screening | None], ...] = (
    _weight_screen,
    _manifest_screen,
    _length_screen,
)
"""The later ones rely on what the earlier ones let through."""
