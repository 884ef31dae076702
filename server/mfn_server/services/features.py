"""FeatureService: measures on fields that the caller brings."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import partial
from typing import TypeVar

from mfn_grpc.core.features import extract_features
from mfn_grpc.core.fractals import analyze
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.v1 import features_pb2 as pb
from mfn_server.features.fractals import encode_analysis
from mfn_server.features.frames import begin_stream, frames_of
from mfn_server.features.memory import analysis_bytes, extraction_bytes
from mfn_server.features.online import OnlineFeatures
from mfn_server.features.reports import encode_measured
from mfn_server.features.requests import decode_analysis, decode_extraction
from mfn_server.kernels import Group
from mfn_server.rpc.call import Call
from mfn_server.runtime import Runtime
from mfn_server.slices import computed

T = TypeVar("T")
RESTART = "open the stream again and send its frames from the first"


class FeatureService:
    """Decodes arrays and options, computes in pieces, encodes what comes of it."""

    needs = Group.FEATURES, Group.FRACTALS, Group.EARLY_WARNING

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def extract_features(self, request: pb.ExtractFeaturesRequest, call: Call) -> pb.ExtractFeaturesResponse:
        """The features of a field or a history."""
        runtime = self._runtime
        decoded = partial(decode_extraction, request, runtime.arrays, call.principal, runtime.most_cells)
        array, thresholds = await runtime.urgent(call, decoded)
        await runtime.ready(call, self.needs)
        async with runtime.admit(extraction_bytes(array), call) as place:
            measured = await computed(runtime, call, extract_features(array, thresholds))
            place.completed = True
        return encode_measured(measured)

    async def extract_feature_stream(
        self, requests: AsyncIterator[pb.ExtractFeatureStreamRequest], call: Call
    ) -> AsyncIterator[pb.ExtractFeatureStreamResponse]:
        """The features of a history whose frames arrive one by one."""
        runtime = self._runtime
        with runtime.admission.open_stream():
            async with aclosing(runtime.arriving(requests, RESTART)) as messages:
                stream = await begin_stream(messages, runtime.most_cells)
                await runtime.ready(call, self.needs)
                async with runtime.hold(stream.bytes_needed, call):
                    online = OnlineFeatures(stream)
                    async with aclosing(frames_of(messages, stream)) as frames:
                        async for frame in frames:
                            if (answer := await self._in_a_slot(call, online.take(frame))) is not None:
                                yield answer
                    if (answer := await self._in_a_slot(call, online.end())) is not None:
                        yield answer

    async def analyze_fractal(self, request: pb.AnalyzeFractalRequest, call: Call) -> pb.AnalyzeFractalResponse:
        """Dimensions with their evidence, lacunarity and generalised dimensions of a set of cells."""
        runtime = self._runtime
        decoded = partial(decode_analysis, request, runtime.arrays, call.principal, runtime.most_cells)
        field, options = await runtime.urgent(call, decoded)
        await runtime.ready(call, self.needs)
        async with runtime.admit(analysis_bytes(field), call) as place:
            analysis = await computed(runtime, call, analyze(field, options))
            place.completed = True
        return encode_analysis(analysis)

    async def _in_a_slot(self, call: Call, pieces: Pieces[T]) -> T:
        """What a computation of an open stream returns; the stream runs for no longer than that."""
        async with self._runtime.slot(call):
            return await computed(self._runtime, call, pieces)
