"""Which suite is asked for."""

from mfn_grpc.core.limits import SEED, Faults
from mfn_grpc.core.validation import Suite, checks_of
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import validation_pb2 as pb
from mfn_server.decoding import choice
from mfn_server.errors import Fault


def decode_suite(request: pb.ValidateRequest | pb.ValidateStreamRequest) -> Suite:
    """The suite; refuses an unknown one, a bad seed, and one that this server has no checks of."""
    faults = Faults()
    suite = choice(pb.ValidationSuite, Suite, "suite", request.suite, Suite.QUICK, faults)
    if violation := SEED.violation("seed", request.seed):
        faults.add(violation)
    faults.refuse()
    if not checks_of(suite):
        offered = ", ".join(each.name for each in Suite if checks_of(each))
        text = f"this server does not offer the suite {suite.name} (only {offered})"
        raise Fault(reasons.ERROR_REASON_NOT_IMPLEMENTED, text)
    return suite
