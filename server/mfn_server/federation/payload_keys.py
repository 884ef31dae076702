"""Under which keys the payload files of a federation are kept."""

from mfn_server.federation.machine.actions import PayloadKey
from mfn_server.federation.names import parse_participant


def model_key(version: int) -> str:
    """A version of the model."""
    return f"model-{version}"


def velocity_key(version: int) -> str:
    """The server optimiser's velocity after the step to a version: float64."""
    return f"velocity-{version}"


def centre_key(version: int) -> str:
    """The aggregate that made a version, centre of the next clipping: float64."""
    return f"centre-{version}"


def keys_of_version(version: int) -> tuple[str, ...]:
    """All that is kept of a version."""
    return model_key(version), velocity_key(version), centre_key(version)


def update_key(payload: PayloadKey) -> str:
    """An update. Half of its digest is in the key: one participant's files of one round are told apart by it."""
    participant_id = parse_participant(payload.participant, "participant").participant_id
    return f"{participant_id}_{payload.round}_{payload.sha256.hex()[:32]}"


def updates_of(payload: PayloadKey) -> str:
    """What the keys of all updates of the same participant begin with; no id has an underscore."""
    return f"{update_key(payload).partition('_')[0]}_"


def drafted_update(key: str) -> tuple[str, int]:
    """Id of the participant and round of an update's key."""
    participant_id, number, _ = key.split("_", 2)
    return participant_id, int(number)


def manifest_key(payload: PayloadKey) -> str:
    """The manifest of an update, where it is not the federation's usual one."""
    return f"{update_key(payload)}_m"
