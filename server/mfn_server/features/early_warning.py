"""EarlyWarningOptions understood."""

from mfn_grpc.core.dynamics.early_warning import EarlyWarningOptions, Indicator
from mfn_grpc.core.features import FEATURE_NAMES
from mfn_grpc.core.limits import Faults
from mfn_grpc.v1 import features_pb2 as pb
from mfn_server.decoding import bounded, choices, stated

_SCALARS = "window_frames", "detrend_bandwidth_frames", "surrogates", "trend_frames"


def decode_early_warning(message: pb.EarlyWarningOptions, faults: Faults) -> EarlyWarningOptions:
    """What to watch for; whatever is wrong with it is added to `faults`."""
    defaults = EarlyWarningOptions()
    features = tuple(bounded(message.features, len(FEATURE_NAMES), "features", faults))
    indicators = choices(
        pb.EarlyWarningIndicator, Indicator, "indicators", message.indicators, defaults.indicators, faults
    )
    options = EarlyWarningOptions(
        features=features or defaults.features,
        indicators=indicators,
        seed=message.seed,
        **stated(message, *_SCALARS),
    )
    for violation in options.violations():
        faults.add(violation)
    return options
