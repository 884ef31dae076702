"""Models measured by participants, and the end that their scores bring."""

import asyncio

import grpc
import numpy as np

from mfn_grpc.v1 import federation_pb2 as pb
from tests.server.federation.hosting import Hosting
from tests.server.federation.policies import policy
from tests.server.federation.scripted import Federation, Participant
from tests.server.federation.stream.test_joining import refused

MODEL = np.zeros(2, "<f4")


async def scene(hosting: Hosting, found: pb.FederationPolicy, count: int = 2) -> tuple[Federation, list[Participant]]:
    host = await hosting()
    return await host.operator.gathering("f", MODEL, found, count, can_evaluate=True)


def evaluated(rounds: int = 1, **fields: object) -> pb.FederationPolicy:
    found = policy(2, rounds=rounds)
    found.evaluation.CopyFrom(pb.EvaluationPolicy(**fields))  # type: ignore[arg-type]  # as the message takes them
    return found


async def measure(participant: Participant, loss: float) -> pb.Evaluate:
    """Answer the next Evaluate."""
    evaluate: pb.Evaluate = await participant.until("evaluate")
    await participant.model()
    report = pb.EvaluationReport(
        round=evaluate.round, model=evaluate.model, num_examples=10, metrics={"loss": loss, "nan": float("nan")}
    )
    await participant.send(evaluation_report=report)
    return evaluate


async def test_the_median_of_the_reports_is_the_rounds_score(hosting: Hosting) -> None:
    federation, participants = await scene(hosting, evaluated(deadline_seconds=300), 3)
    await asyncio.gather(*(participant.train([1, 2]) for participant in participants))
    result = await participants[0].until("round_result")
    assert result.state == pb.ROUND_STATE_EVALUATING
    asked = await asyncio.gather(*(measure(p, loss) for p, loss in zip(participants, (3.0, 1.0, 100.0), strict=True)))
    assert all(0 < evaluate.seconds_left <= 300 for evaluate in asked)
    finished = await participants[0].until("finished")
    assert (finished.model.version, finished.best_model.version) == (1, 1)
    (done,) = await federation.rounds()
    assert (done.score, done.reports) == (3.0, 3)
    assert dict(done.metrics) == {"loss": 3.0}  # what is not finite counts nowhere


async def test_reports_are_not_waited_for_beyond_their_deadline(hosting: Hosting) -> None:
    federation, participants = await scene(hosting, evaluated(deadline_seconds=0.1))
    await asyncio.gather(*(participant.train([1, 2]) for participant in participants))
    await participants[1].until("finished")
    (done,) = await federation.rounds()
    assert (done.HasField("score"), done.reports) == (False, 0)


async def test_without_improvement_the_federation_stops_early_and_tells_its_best_model(hosting: Hosting) -> None:
    found = evaluated(rounds=100)
    found.early_stop.patience_evaluations = 2
    federation, participants = await scene(hosting, found)
    losses = [3.0, 2.0, 2.5, 2.0]

    async def life(participant: Participant) -> pb.Finished:
        for loss in losses:
            await participant.train([1, 1])
            await measure(participant, loss)
        finished: pb.Finished = await participant.until("finished")
        return finished

    for finished in await asyncio.gather(*map(life, participants)):
        assert finished.why == pb.FINISH_REASON_EARLY_STOP
        assert (finished.model.version, finished.best_model.version) == (4, 2)
    told = await federation.get()
    assert (told.best_score, told.state) == (2.0, pb.FEDERATION_STATE_FINISHED)


async def test_a_late_report_is_dropped_and_one_on_another_model_refused(hosting: Hosting) -> None:
    federation, participants = await scene(hosting, evaluated(rounds=2))
    await asyncio.gather(*(participant.train([1, 2]) for participant in participants))
    evaluate = await participants[0].until("evaluate")
    wrong = pb.EvaluationReport(round=1, model=pb.ModelRef(), num_examples=0)
    await participants[0].send(evaluation_report=wrong)
    refusal = await refused(participants[0])
    assert set(refusal.violations) == {"evaluation_report.model.sha256", "evaluation_report.num_examples"}
    for number, code, reason in ((1, "MODEL_VERSION_MISMATCH", "sha256"), (2, "ROUND_MISMATCH", "round")):
        await participants[0].join(can_evaluate=True)
        other = pb.ModelRef(federation_uid=federation.uid, version=1, sha256=bytes(32))
        report = pb.EvaluationReport(round=number, model=other, num_examples=1)
        await participants[0].send(evaluation_report=report)
        refusal = await refused(participants[0])
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, code), reason
    await participants[0].join(can_evaluate=True)
    await asyncio.gather(measure(participants[0], 1.0), measure(participants[1], 1.0))
    await participants[0].task()
    late = pb.EvaluationReport(round=1, model=evaluate.model, num_examples=1, metrics={"loss": 0.0})
    await participants[0].send(evaluation_report=late)
    await participants[0].leave()
    _, first = await federation.rounds()
    assert first.reports == 2
