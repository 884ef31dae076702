"""Features of a stream of frames, answered as the frames come: what is kept does not grow with the stream."""

from mfn_grpc.arrays import AnyArray
from mfn_grpc.core.dynamics.early_warning import EarlyWarningMonitor
from mfn_grpc.core.features import FeatureStream, Measured
from mfn_grpc.core.limits import InvalidInput
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.v1 import features_pb2 as pb
from mfn_server.features.frames import FrameStream, of_frame
from mfn_server.features.reports import encode_features, encode_undefined, encode_warning


class OnlineFeatures:
    """The features of one stream. Its methods are computations for the workers, one at a time."""

    def __init__(self, stream: FrameStream) -> None:
        self._stride = stream.stride
        self._features = FeatureStream(stream.shape, stream.thresholds)
        self._monitor = None if stream.early_warning is None else EarlyWarningMonitor(stream.early_warning)
        self._measured: Measured | None = None

    def take(self, frame: AnyArray) -> Pieces[pb.ExtractFeatureStreamResponse | None]:
        """Take in the next frame; the answer to it, when one is due."""
        try:
            yield from self._features.adding(frame)
        except InvalidInput as error:
            raise InvalidInput(of_frame(each, self._features.frames) for each in error.violations) from None
        self._measured = None
        if self._monitor is not None:
            self._measured = yield from self._features.measure()
            self._monitor.add(self._measured.features)
        return (yield from self._answer()) if self._is_due else None

    def end(self) -> Pieces[pb.ExtractFeatureStreamResponse | None]:
        """The answer to the last frame, unless it was given or there was no frame."""
        return None if self._is_due else (yield from self._answer())

    @property
    def _is_due(self) -> bool:
        return self._features.frames % self._stride == 0

    def _answer(self) -> Pieces[pb.ExtractFeatureStreamResponse]:
        measured = self._measured or (yield from self._features.measure())
        warnings = () if self._monitor is None else (yield from self._monitor.report())
        return pb.ExtractFeatureStreamResponse(
            frame=self._features.frames - 1,
            features=encode_features(measured.features),
            undefined=[encode_undefined(each) for each in measured.undefined],
            early_warnings=[encode_warning(each) for each in warnings],
        )
