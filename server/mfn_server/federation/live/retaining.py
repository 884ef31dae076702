"""What is kept of a federation's past."""

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.federation.machine.state import State, models_in_use
from mfn_server.federation.payload_keys import centre_key, velocity_key
from mfn_server.federation.storage.rows import Retention


def spare_keys(state: State) -> tuple[str, ...]:
    """What the last round left beside its model for the round after it, once that has published its own."""
    if state.model is None or state.model.version == 0:
        return ()
    before = state.model.version - 1
    return velocity_key(before), centre_key(before)


def retention_of(policy: pb.RetentionPolicy, state: State) -> Retention:
    """What the policy, with its defaults filled in, and the work under way want kept."""
    used = {model.version for model in models_in_use(state)}
    if state.open is not None:
        used.add(state.open.base.version)
    rounds = policy.rounds if policy.HasField("rounds") else None
    return Retention(policy.model_versions, rounds, frozenset(used))
