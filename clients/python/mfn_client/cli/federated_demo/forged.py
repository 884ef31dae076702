"""What an attacker's process sends: the update that the attackers' common plan holds for it in this round.

The attackers collude. One place knows all honest updates and forges theirs, a file for each round; see `forging`.
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORGED = "MFN_DEMO_FORGED"
"""Names the folder of the files."""
PLACE = "MFN_DEMO_PLACE"
"""Which of the attackers this process is, from 0."""
EXAMPLES = "MFN_DEMO_EXAMPLES"
"""How many examples it claims: as many as it holds."""
POLL_S = 0.01
Array = NDArray[Any]


def fit(arrays: dict[str, Array], config: Any) -> tuple[dict[str, Array], int, Mapping[str, float]]:
    """Wait until this round's updates are forged, and send this attacker's."""
    path = file_of(Path(os.environ[FORGED]), config.round)
    while not path.exists():
        time.sleep(POLL_S)
    update = np.load(path)[int(os.environ[PLACE])]
    weights = arrays["weights"]
    return {"weights": weights + update.reshape(weights.shape)}, int(os.environ[EXAMPLES]), {}


def file_of(folder: Path, round_number: int) -> Path:
    """Where the forged updates of a round are, [attackers, elements]."""
    return folder / f"round-{round_number}.npy"
