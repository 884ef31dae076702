"""What the server asks of a participant: to train, or to evaluate."""

import asyncio
from dataclasses import dataclass

from mfn_client._decoding import decoded
from mfn_client._federation_results import ModelRef
from mfn_client._messages import plain
from mfn_client.federated._models import Reference, reference
from mfn_client.federated._results import RoundConfig
from mfn_grpc.v1 import federation_pb2 as pb


@dataclass(frozen=True, eq=False)
class Task:
    """One round's training or evaluation; `deadline` is of the event loop's clock."""

    round: int
    model: pb.ModelRef
    config: RoundConfig
    deadline: float | None

    @property
    def key(self) -> tuple[int, Reference]:
        """What makes two tasks the same one."""
        return self.round, reference(self.model)

    @property
    def too_late(self) -> bool:
        """Whether nobody waits for the result any more."""
        return self.deadline is not None and asyncio.get_running_loop().time() > self.deadline


def task_of(message: pb.RoundStart | pb.Evaluate) -> Task:
    """The task that a message sets."""
    timed = isinstance(message, pb.Evaluate) or message.HasField("seconds_left")
    seconds = message.seconds_left if timed else None
    deadline = None if seconds is None else asyncio.get_running_loop().time() + seconds
    config = RoundConfig(plain(message)["config"], message.round, decoded(ModelRef, message.model), seconds)
    return Task(message.round, message.model, config, deadline)
