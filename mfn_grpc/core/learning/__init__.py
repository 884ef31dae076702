"""Learning parts: plasticity of spike trains, sparse attention, and a training cycle that shows whether it learnt."""

from mfn_grpc.core.learning.adam import AdamParameters, AdamState, adam_start, adam_step
from mfn_grpc.core.learning.attention import Projections, multi_head_attention, sparse_attention, top_k_weights
from mfn_grpc.core.learning.cycle import training_cycle
from mfn_grpc.core.learning.metrics import TrainingMetrics
from mfn_grpc.core.learning.stdp import StdpParameters, stdp_pairwise, stdp_trace, weight_change
from mfn_grpc.core.learning.warming import warm_up

__all__ = [
    "AdamParameters",
    "AdamState",
    "Projections",
    "StdpParameters",
    "TrainingMetrics",
    "adam_start",
    "adam_step",
    "multi_head_attention",
    "sparse_attention",
    "stdp_pairwise",
    "stdp_trace",
    "top_k_weights",
    "training_cycle",
    "warm_up",
    "weight_change",
]
