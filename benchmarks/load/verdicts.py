"""What a run must come to; what it did not is a sentence each."""

from collections.abc import Iterator

from benchmarks.load.figures import Outcome, RpcFigures, StageFigures, stages_ok
from benchmarks.load.profiles import MIX, RATE_LIMITED, Profile


def complaints(profile: Profile, outcome: Outcome, external: bool) -> list[str]:
    """Everything that should not be so. external: the server is another's, and its rate limits may be reached."""
    also = frozenset({RATE_LIMITED}) if external else frozenset[str]()
    somewhere = also.union(*(stage.tolerated for stage in profile.stages))
    found = [_sentence("", *each) for each in _failures(outcome.whole) if each[1] not in somewhere]
    for stage, figures in zip(profile.stages, outcome.stages, strict=False):  # a broken server ends the run early
        wrong = somewhere - stage.tolerated - also
        found += [_sentence(f"{stage.name}: ", *each) for each in _failures(figures) if each[1] in wrong]
    found += [f"the users' own code failed {count} times: {what}" for what, count in outcome.faults.items()]
    if not profile.limits:
        found += _idle(outcome)
    if outcome.broken and len(outcome.stages) == 1:
        found.append(f"the server broke with the fewest users: {outcome.broken}")
    return found


def _failures(figures: StageFigures) -> Iterator[tuple[RpcFigures, str, int]]:
    return ((each, reason, count) for each in figures.rpcs for reason, count in each.errors.items())


def _sentence(where: str, each: RpcFigures, reason: str, count: int) -> str:
    return f"{where}{each.rpc} ({each.kind}) failed {count} times with {reason}"


def _idle(outcome: Outcome) -> Iterator[str]:
    for share in MIX:
        if not stages_ok([outcome.whole], share.rpc):
            yield f"no call of {share.rpc} succeeded"
