"""A suite as it runs: its checks side by side on the workers, each told of as it finishes."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import aclosing
from functools import partial
from time import perf_counter
from typing import Any

from mfn_grpc.core.learning import TrainingMetrics, training_cycle
from mfn_grpc.core.reaction_diffusion import NUMERICS_VERSION
from mfn_grpc.core.validation import CheckSpec, Suite, checks_of, judge, run_check
from mfn_grpc.v1 import validation_pb2 as pb
from mfn_server.concurrency import as_finished
from mfn_server.rpc.call import Call
from mfn_server.runtime import Runtime
from mfn_server.slices import Sliced, Stopped
from mfn_server.validation.reports import encode_check, encode_training, suite_name
from mfn_server.version import server_version

CHECK_BYTES = 16 * 2**20
"""Room for a check, also for the training cycle."""
LARGE_CHECK_BYTES = 32 * 2**20
WITH_LARGE_CHECKS = Suite.QUICK, Suite.FRACTAL, Suite.AGGREGATION, Suite.ALL
"""Suites with sets that are drawn point by point, or updates that are aggregated."""
SHARE = 2
"""A suite takes at most one part in this many of the memory that all calls have, so that others run beside it."""

Job = Callable[[], Coroutine[Any, Any, pb.Check | None]]


def check_bytes(suite: Suite) -> int:
    """What a check of the suite may hold in memory."""
    return LARGE_CHECK_BYTES if suite in WITH_LARGE_CHECKS else CHECK_BYTES


class SuiteRun:
    """One suite for one call. The values depend on the suite and the seed alone.

    bytes_needed: what it may hold in memory; it runs one check a worker, or fewer where memory is short.
    """

    def __init__(self, runtime: Runtime, call: Call, suite: Suite, seed: int) -> None:
        self._runtime, self._call, self._suite, self._seed = runtime, call, suite, seed
        fitting = runtime.admission.max_bytes // SHARE // check_bytes(suite)
        self._at_once = max(1, min(runtime.compute.workers, fitting))
        self.bytes_needed = self._at_once * check_bytes(suite)
        self._specs = checks_of(suite)
        self._trains = any(spec.of_training for spec in self._specs)
        self._trained: asyncio.Future[tuple[TrainingMetrics, float]] = asyncio.get_running_loop().create_future()
        self._began = 0.0
        self._passed = self._failed = 0

    @property
    def names(self) -> list[str]:
        """The checks, in the suite's order."""
        return [spec.name for spec in self._specs]

    def started(self) -> pb.ValidationStarted:
        """What is about to run."""
        return pb.ValidationStarted(suite=suite_name(self._suite), seed=self._seed, check_names=self.names)

    async def checks(self) -> AsyncGenerator[pb.Check, None]:
        """Every check, in the order of finishing."""
        self._began = perf_counter()
        try:
            async with aclosing(as_finished(self._jobs(), self._at_once)) as finished:
                async for check in finished:
                    if check is not None:
                        self._passed += check.passed
                        self._failed += not check.passed
                        yield check
        except Stopped as stopped:
            raise stopped.fault() from None

    def summary(self) -> pb.ValidationSummary:
        """The suite as a whole, once all its checks are done."""
        return pb.ValidationSummary(
            suite=suite_name(self._suite),
            seed=self._seed,
            passed=not self._failed,
            passed_count=self._passed,
            failed_count=self._failed,
            seconds=perf_counter() - self._began,
            numerics_version=NUMERICS_VERSION,
            server_version=server_version(),
            training=encode_training(self._trained.result()[0]) if self._trains else None,
        )

    def _jobs(self) -> Iterator[Job]:
        """The training cycle first, as some checks wait for what it came to."""
        if self._trains:
            yield self._train
        for spec in self._specs:
            yield partial(self._check, spec)

    async def _train(self) -> None:
        training = Sliced(self._runtime, self._call, training_cycle(self._seed))
        metrics = await training.result()
        self._runtime.metrics.simulations.trained(metrics)
        self._trained.set_result((metrics, training.seconds))

    async def _check(self, spec: CheckSpec) -> pb.Check:
        if spec.of_training is not None:
            metrics, seconds = await self._trained
            return encode_check(judge(spec, spec.of_training(metrics)), seconds)
        checking = Sliced(self._runtime, self._call, run_check(spec, self._seed))
        result = await checking.result()
        return encode_check(result, checking.seconds)
