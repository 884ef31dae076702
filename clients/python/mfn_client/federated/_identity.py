"""Who takes part: a name, the key that it was enrolled with, and what both prove."""

from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mfn_client._exceptions import StreamCorrupted
from mfn_grpc.signing import join_message
from mfn_grpc.v1 import federation_pb2 as pb


def client_name() -> str:
    """This software and its version, for people."""
    try:
        return f"mfn-client {version('mfn-grpc')} (Python)"
    except PackageNotFoundError:  # run from the sources
        return "mfn-client (Python)"


@dataclass
class Identity:
    """A participant: federations/{f}/participants/{p} and its key; `federation_uid` is learnt by joining."""

    participant: str
    key: Ed25519PrivateKey
    federation_uid: str = ""
    client: str = field(default_factory=client_name)

    def proof(self, challenge: pb.Challenge) -> pb.Proof:
        """The answer to a challenge.

        Raises:
            StreamCorrupted: it is none that can be signed.
        """
        try:
            message = join_message(challenge.federation_uid, self.participant, challenge.nonce)
        except ValueError as error:
            raise StreamCorrupted(f"The server's challenge is not valid: {error}") from None
        return pb.Proof(signature=self.key.sign(message))
