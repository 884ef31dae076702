"""Events of a federation as sentences."""

from typing import TYPE_CHECKING, Any

from mfn_client.cli.federation.rows import accepted, fate, short_name
from mfn_client.cli.output import counted, number

if TYPE_CHECKING:
    from mfn_client import FederationEvent


def in_words(event: "FederationEvent") -> str:
    """What happened; an event that this version does not know is named."""
    say = _SENTENCES.get(event.kind)
    return event.kind.replace("_", " ") if say is None or event.event is None else say(event.event)


def _federation(now: Any) -> str:
    return f"the federation is {now.state}" + (f": {now.finish_reason}" if now.state == "finished" else "")


def _participant(told: Any) -> str:
    name = "a participant" if told.participant is None else short_name(told.participant.name)
    return f"{name} {told.change}"


def _round_started(begun: Any) -> str:
    return f"round {begun.round} asks {counted(begun.selected, 'participant')}"


def _update(told: Any) -> str:
    ack = told.ack
    fate = "" if ack is None else f" for round {ack.round}: {ack.status}"
    return f"{short_name(told.participant)} sent {told.total_bytes:,} bytes{fate}"


def _verdict(found: Any) -> str:
    detail = f": {found.detail}" if found.detail else ""
    return f"{short_name(found.participant)} in round {found.round} is {fate(found)}{detail}"


def _model(ref: Any) -> str:
    return f"model {ref.version} is published"


def _report(told: Any) -> str:
    report = told.report
    metrics = "" if report is None else ", ".join(f"{name} {number(value)}" for name, value in report.metrics.items())
    return f"{short_name(told.participant)} measured {metrics}"


def _round_ended(ended: Any) -> str:
    if ended.state == "skipped":
        return f"round {ended.round} is skipped: {ended.skip_reason}"
    score = "" if ended.score is None else f", score {number(ended.score)}"
    left_out = [
        f", {count} {how}" for count, how in ((ended.screened, "screened"), (ended.rejected, "rejected")) if count
    ]
    updates = counted(ended.counted, "update")
    return f"round {ended.round} is done: {accepted(ended)} of {updates} accepted{''.join(left_out)}{score}"


_SENTENCES = {
    "federation_changed": _federation,
    "participant_changed": _participant,
    "round_started": _round_started,
    "update_received": _update,
    "verdict": _verdict,
    "model_published": _model,
    "evaluation_received": _report,
    "round_ended": _round_ended,
}
