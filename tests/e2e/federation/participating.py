"""A participant in a process of its own: `python -m tests.e2e.federation.participating` and a JSON object of settings.

It says on standard output when it begins to train, "fit ROUND", and when all is over, "over REASON"; it trains in the
rounds of `hold` only once a line has come in.
"""

import json
import sys
from typing import Any

from mfn_client.federated import participate
from tests.e2e.federation.crew import HASTE
from tests.e2e.federation.training import measured, trained


def say(words: str) -> None:
    """One line."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main(settings: dict[str, Any]) -> None:
    """Take part to the end."""
    name = settings["name"]

    def fit(arrays: dict[str, Any], config: Any) -> tuple[dict[str, Any], int, dict[str, float]]:
        say(f"fit {config.round}")
        if config.round in settings["hold"]:
            sys.stdin.readline()
        return trained(name, config.round, arrays), 10, measured(name, arrays)

    result = participate(
        settings["target"],
        settings["federation"],
        fit,
        name=name,
        key=f"{settings['folder']}/{name}.pem",
        record=f"{settings['folder']}/{name}.acks",
        cache=f"{settings['folder']}/models",
        options=HASTE,
    )
    say(f"over {result.reason}")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
