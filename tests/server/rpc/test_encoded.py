from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.rpc.encoded import Encoded


def test_it_serialises_to_the_bytes_it_was_made_of() -> None:
    raw = pb.SimulateResponse(sequence=7).SerializeToString()
    assert Encoded[pb.SimulateResponse](raw).SerializeToString() is raw
