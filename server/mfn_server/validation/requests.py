"""Which suite is asked for."""

from mfn_grpc.core.limits import SEED, Faults
from mfn_grpc.core.validation import Suite
from mfn_grpc.v1 import validation_pb2 as pb
from mfn_server.decoding import choice


def decode_suite(request: pb.ValidateRequest | pb.ValidateStreamRequest) -> Suite:
    """The suite; refuses an unknown one and a bad seed."""
    faults = Faults()
    suite: Suite = choice(pb.ValidationSuite, Suite, "suite", request.suite, Suite.QUICK, faults)
    if violation := SEED.violation("seed", request.seed):
        faults.add(violation)
    faults.refuse()
    return suite
