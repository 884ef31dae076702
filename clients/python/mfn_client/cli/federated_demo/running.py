"""The demo itself: a federation on a server, participants in processes, and what comes of every round."""

# ruff: noqa: PLC0415  # grpc and numpy are loaded when a command runs, not for --help

import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mfn_client.cli.connection import client_of
from mfn_client.cli.connection_options import Connection
from mfn_client.cli.failures import JobFailed
from mfn_client.cli.federated_demo.ending import ended_by_signals
from mfn_client.cli.federated_demo.fleet import Fleet
from mfn_client.cli.federated_demo.following import Follower
from mfn_client.cli.federated_demo.lab import Lab, digits, finish
from mfn_client.cli.federated_demo.outcome import Outcome, RoundReport, Simulated
from mfn_client.cli.federated_demo.plan import Plan, attack_of, experiment_of, policy_of
from mfn_client.cli.federated_demo.showing import shown

if TYPE_CHECKING:
    from mfn_client import Client, FederationPolicy

HONEST_FIT = "mfn_client.cli.federated_demo.softmax:fit"
ATTACKING_FIT = "mfn_client.cli.federated_demo.forged:fit"
FORGED_FOLDER = "forged"
DELETE_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Stage:
    """What a plan came to before anything runs: the rule, the attack, and who holds which digits."""

    lab: Lab
    plan: Plan
    experiment: Any
    policy: Any
    attack: Any
    held: Any


def prepare(lab: Lab, plan: Plan) -> Stage:
    """Check the plan and deal the digits.

    Raises:
        UsageError: the plan cannot be, or scikit-learn is missing.
    """
    experiment = experiment_of(lab, plan)
    policy, attack = policy_of(lab, plan), attack_of(lab, plan.attack)
    held = lab.robustness.federation(*digits(), experiment, plan.seed)
    return Stage(lab, plan, experiment, policy, attack, held)


def demonstrate(stage: Stage, address: Connection, quiet: bool) -> Outcome:
    """Run the federation and show its rounds as they end."""
    with ended_by_signals(), shown(stage.plan, quiet) as show:
        return run(stage, address, show)


def run(stage: Stage, address: Connection, show: Callable[[RoundReport], object]) -> Outcome:
    """Run the federation to its end; `show` gets every round as it ends. Nothing stays behind, whatever happens.

    Raises:
        JobFailed: a participant's process ended early, or the federation before its time.
    """
    began = time.perf_counter()
    with (
        TemporaryDirectory(prefix="mfn-federated-demo-") as folder,
        client_of(address) as client,
        _federation(client, stage) as name,
        Fleet(Path(folder)) as fleet,
    ):
        _start(fleet, stage, address, client, name, Path(folder))
        rounds = _follow(fleet, stage, client, name, Path(folder), show)
        if fleet.failure is None:
            fleet.join()
        seconds = time.perf_counter() - began
    if len(rounds) < stage.plan.rounds:
        raise JobFailed(fleet.failure or f"the federation ended after {len(rounds)} of {stage.plan.rounds} rounds")
    samples = len(stage.held.test.labels)
    return Outcome(tuple(rounds), rounds[-1].accuracy, samples, _simulated(stage), seconds)


@contextmanager
def _federation(client: "Client", stage: Stage) -> Iterator[str]:
    """A federation with its first model; deleted in the end, also from a server that stays."""
    from mfn_client import MfnError

    made = client.create_federation(f"digits-{secrets.token_hex(4)}", _policy(stage), title="mfn federated-demo")
    try:
        client.upload_model(made.name, {"weights": first_model(stage)})
        yield made.name
    finally:
        try:
            client.delete_federation(made.name, uid=made.uid, timeout=DELETE_TIMEOUT_S)
        except MfnError as error:  # it must not hide what went wrong before
            sys.stderr.write(f"{made.name} may still be on the server: {error}\n")


def _start(fleet: Fleet, stage: Stage, address: Connection, client: "Client", name: str, folder: Path) -> None:
    """Enrol everybody with a new key, write their digits to files, and start their processes."""
    import numpy as np

    from mfn_client.cli.federated_demo.forged import EXAMPLES, FORGED, PLACE
    from mfn_client.cli.federated_demo.softmax import SAMPLES
    from mfn_client.federated import generate_key, public_key, save_key

    (folder / FORGED_FOLDER).mkdir()
    who = address.environment()
    for place, (participant, shard) in enumerate(zip(stage.plan.names, stage.held.shards, strict=True)):
        key, samples = folder / f"{participant}.pem", folder / f"{participant}.npz"
        save_key(generate_key(), key)
        client.enrol_participant(name, participant, public_key(key))
        np.savez(samples, inputs=shard.inputs, labels=shard.labels)
        attacks = place < stage.plan.attackers
        forged = {FORGED: str(folder / FORGED_FOLDER), PLACE: str(place), EXAMPLES: str(len(shard.labels))}
        arguments = [ATTACKING_FIT if attacks else HONEST_FIT, "--federation", name, "--name", participant]
        fleet.start(
            participant, [*arguments, "--key", str(key)], who | (forged if attacks else {SAMPLES: str(samples)})
        )


def _follow(
    fleet: Fleet, stage: Stage, client: "Client", name: str, folder: Path, show: Callable[[RoundReport], object]
) -> list[RoundReport]:
    """Watch the federation until it is over or a process has failed."""
    from mfn_client.cli.federated_demo.forging import Forger

    forger = Forger(
        stage.lab,
        stage.held,
        stage.attack,
        stage.plan.attackers,
        stage.policy,
        stage.experiment.local,
        folder / FORGED_FOLDER,
    )
    test, accuracy = stage.held.test, stage.lab.robustness.accuracy
    follower = Follower(
        first=first_model(stage),
        download=lambda ref: client.download_model(name, ref)["weights"],
        accuracy=lambda model: float(accuracy(model, test)),
        forge=forger.forge,
        liars=stage.plan.liars,
    )
    rounds = []
    with client.watch_federation(name, after_sequence=0) as events:
        fleet.watch(events.close)
        for event in events:
            if (report := follower.follow(event)) is not None:
                rounds.append(report)
                show(report)
    return rounds


def first_model(stage: Stage) -> Any:
    """The model that all begin with."""
    return stage.lab.robustness.initial_model(stage.held.test.inputs.shape[1], stage.held.classes)


def _policy(stage: Stage) -> "FederationPolicy":
    from mfn_client import AggregationPolicy, FederationPolicy

    name_of = stage.lab.aggregation.name_of
    return FederationPolicy(
        aggregation=AggregationPolicy(
            rule=name_of(stage.policy.rule),
            f=stage.plan.attackers,
            pre_aggregators=[name_of(step) for step in stage.policy.pre_aggregators],
        ),
        min_participants=stage.plan.participants,
        max_rounds=stage.plan.rounds,
        config=asdict(stage.experiment.local),
    )


def _simulated(stage: Stage) -> Simulated:
    robustness = stage.lab.robustness

    def accuracy(attack: Any) -> float:
        pieces = robustness.simulate(stage.held, robustness.PLAIN_MEAN, attack, stage.experiment)
        return float(finish(pieces).accuracy)

    return Simulated(plain_mean=accuracy(stage.attack), clean=accuracy(None))
