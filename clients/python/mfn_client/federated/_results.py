"""What training code is told, what is acknowledged, and what taking part comes to."""

from collections.abc import Mapping
from dataclasses import dataclass

from mfn_client._federation_results import ModelRef, Verdict

ConfigValue = bool | int | float | str
COUNTING = frozenset({"counted", "deferred", "duplicate"})
"""An update of the participant counts for the round, this one or an earlier one."""


class RoundConfig(dict[str, ConfigValue]):
    """The policy's `config`, a dictionary, with what this task is about beside it.

    Attributes:
        round: The round, from 1.
        model: The model that the arrays are.
        seconds_left: Time that was left for the task when it came; None: as long as it takes.
    """

    def __init__(
        self, values: Mapping[str, ConfigValue], round_number: int, model: ModelRef, seconds_left: float | None
    ) -> None:
        super().__init__(values)
        self.round = round_number
        self.model = model
        self.seconds_left = seconds_left


@dataclass(frozen=True)
class Acknowledgement:
    """What the server acknowledged of one update, named by the SHA-256 of its payload.

    `status`: "counted", "deferred" (to `counts_in_round`), "late" or "duplicate" (then the digest is that of the
    update that counts). The first two mean that the update is durable and counts exactly once.
    """

    federation_uid: str
    round: int
    payload_sha256: bytes
    status: str
    counts_in_round: int | None = None


@dataclass(frozen=True)
class Participation:
    """What taking part came to.

    `reason`: "max_rounds", "early_stop", "skipped_rounds" or "deleted". `rounds`: those for which this process was told
    that an update of the participant counts. `acknowledgements`: everything acknowledged, in order. `verdicts`: what
    became of the updates, where the server said so while a session was open.
    """

    federation_uid: str
    reason: str
    model: ModelRef | None
    best_model: ModelRef | None
    rounds: tuple[int, ...]
    acknowledgements: tuple[Acknowledgement, ...]
    verdicts: tuple[Verdict, ...]
