"""Running checks by name."""

from mfn_grpc.core.pieces import finish
from mfn_grpc.core.validation import CheckSpec, Suite, checks_of, run_check

BY_NAME: dict[str, CheckSpec] = {check.name: check for check in checks_of(Suite.ALL)}


def failing(names: list[str], seed: int = 0) -> list[str]:
    """Those of the named checks that do not pass."""
    return [name for name in names if not finish(run_check(BY_NAME[name], seed)).passed]
