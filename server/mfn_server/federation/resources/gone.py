"""Things that are not there, or no longer."""

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault


def no_participant(name: str) -> Fault:
    """No participant of this name."""
    return Fault(reasons.ERROR_REASON_RESOURCE_NOT_FOUND, f"there is no participant {name}; see ListParticipants")


def no_federation(name: str) -> Fault:
    """No federation of this name."""
    return Fault(reasons.ERROR_REASON_RESOURCE_NOT_FOUND, f"there is no {name}; see ListFederations")


def no_model(text: str) -> Fault:
    """No such version of a model."""
    return Fault(reasons.ERROR_REASON_RESOURCE_NOT_FOUND, f"{text}; see the model and best_model of GetFederation")


def require_uid(given: str, uid: str, name: str) -> None:
    """Refuse a request that means another resource than the one that its name stands for by now."""
    if given and given != uid:
        text = f"{name} now has another uid than the one given; read it again and decide anew"
        raise Fault(reasons.ERROR_REASON_UID_MISMATCH, text, metadata={"uid": uid})
