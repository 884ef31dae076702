"""Federations and participants as they stand at this moment."""

import time

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.errors import Fault
from mfn_server.federation.live.live import Live
from mfn_server.federation.machine.events import Paused, Resumed
from mfn_server.federation.machine.records import FederationState
from mfn_server.federation.messages import participant_message

_MAY_PAUSE = (FederationState.RUNNING, FederationState.PAUSED)


async def federation_as_it_stands(live: Live, *, with_manifest: bool = False) -> pb.Federation:
    """A federation, the bytes of its files measured anew."""
    stored_bytes = await live.measure()
    return live.messages.federation(live.state, stored_bytes, live.manifest if with_manifest else None)


def participant_as_it_stands(live: Live, name: str) -> pb.Participant:
    """An enrolled participant, with what its sessions and rounds have made of it."""
    seat, state = live.seats.of(name), live.state
    connected, heard_at = name in state.sessions, None if seat is None else seat.heard_at
    return participant_message(
        live.enrolled[name], state.participants.get(name), connected=connected, heard_at=heard_at
    )


async def pause(live: Live) -> pb.Federation:
    """Let no further round start."""
    _require_running(live)
    await live.submit(Paused(time.time()))
    return await federation_as_it_stands(live)


async def resume(live: Live) -> pb.Federation:
    """End a pause."""
    _require_running(live)
    await live.submit(Resumed(time.time()))
    return await federation_as_it_stands(live)


def _require_running(live: Live) -> None:
    if live.state.status not in _MAY_PAUSE:
        text = f"{live.name} is {live.state.status}, neither running nor paused"
        raise Fault(reasons.ERROR_REASON_FEDERATION_NOT_RUNNING, text)
