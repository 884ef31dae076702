"""Verdicts on clients as messages."""

from mfn_grpc.core.aggregation import ClientVerdict, VerdictKind, VerdictReason
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.aggregation.uploads import Screening, Upload


def encode_verdict(verdict: ClientVerdict, round_number: int, sha256: bytes) -> pb.Verdict:
    """What became of a client in a round of Aggregate; sha256: of its payload, as announced."""
    return pb.Verdict(
        participant=verdict.client_id,
        round=round_number,
        kind=f"VERDICT_KIND_{verdict.kind.name}",
        reason=f"VERDICT_REASON_{verdict.reason.name}",
        detail=verdict.detail,
        norm=verdict.norm,
        score=verdict.score,
        weight=verdict.weight,
        payload_sha256=sha256,
    )


def screened(client_id: str, screening: Screening) -> ClientVerdict:
    """The verdict on a client whose update failed a screen before the rule."""
    return ClientVerdict(client_id, VerdictKind.SCREENED, screening.reason, screening.detail, None, None, None)


def missing(upload: Upload) -> ClientVerdict:
    """The verdict on a client whose update is not complete."""
    text = f"{upload.received} of {upload.total_bytes} bytes came before the round's end"
    return ClientVerdict(upload.client_id, VerdictKind.MISSING, VerdictReason.SILENT, text, None, None, None)
