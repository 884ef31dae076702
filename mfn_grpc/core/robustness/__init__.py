"""A simulator of federated training with attackers in it: what every rule is worth against every attack.

Clients train softmax regressions on shards that differ in their classes. The parts of a round are there for others to
use: `federation` and `split` deal the samples, `local_update` trains, `accuracy` tests.
"""

from mfn_grpc.core.robustness.preparation import Preparation, PreparationOptions
from mfn_grpc.core.robustness.settings import Experiment, LocalTraining
from mfn_grpc.core.robustness.shards import Federation, Shard, federation
from mfn_grpc.core.robustness.simulation import AnyAttack, Outcome, simulate
from mfn_grpc.core.robustness.softmax_regression import accuracy, initial_model, local_update
from mfn_grpc.core.robustness.splitting import split
from mfn_grpc.core.robustness.table import (
    CONFIDENCE,
    NO_ATTACK,
    PLAIN_MEAN,
    SEEDS,
    Interval,
    Row,
    Table,
    compare,
    default_attacks,
    default_rules,
)

__all__ = [
    "CONFIDENCE",
    "NO_ATTACK",
    "PLAIN_MEAN",
    "SEEDS",
    "AnyAttack",
    "Experiment",
    "Federation",
    "Interval",
    "LocalTraining",
    "Outcome",
    "Preparation",
    "PreparationOptions",
    "Row",
    "Shard",
    "Table",
    "accuracy",
    "compare",
    "default_attacks",
    "default_rules",
    "federation",
    "initial_model",
    "local_update",
    "simulate",
    "split",
]
