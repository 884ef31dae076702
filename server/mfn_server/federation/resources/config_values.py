"""Values for the participants' training code: checked when a federation is created, sent on as they are."""

import math
from collections.abc import Iterator, Mapping

from mfn_grpc.core.limits import Faults, Violation
from mfn_grpc.v1 import federation_pb2 as pb

MOST_ENTRIES = 100
MOST_KEY_CHARACTERS = 64
MOST_TEXT_CHARACTERS = 4096


def check_config(config: Mapping[str, pb.ConfigValue], faults: Faults) -> None:
    """Note what is wrong with the config of a policy: too many entries, keys or texts too long, values missing."""
    if len(config) > MOST_ENTRIES:
        text = f"has {len(config)} entries, must have at most {MOST_ENTRIES}"
        faults.add(Violation("config", str(len(config)), text))
        return
    for key in sorted(config):
        for violation in _entry_violations(key, config[key]):
            faults.add(violation)


def _entry_violations(key: str, value: pb.ConfigValue) -> Iterator[Violation]:
    field = f"config[{key[:MOST_KEY_CHARACTERS]!r}]"
    if not 1 <= len(key) <= MOST_KEY_CHARACTERS:
        yield Violation(field, key[:MOST_KEY_CHARACTERS], f"has a key of {len(key)} characters, must have 1 to 64")
    kind = value.WhichOneof("value")
    if kind is None:
        yield Violation(field, "", "is missing, must be a number, a text or a switch")
    if kind == "double_value" and not math.isfinite(value.double_value):
        yield Violation(f"{field}.double_value", str(value.double_value), f"is {value.double_value}, must be finite")
    if kind == "string_value" and len(value.string_value) > MOST_TEXT_CHARACTERS:
        count = len(value.string_value)
        text = f"has {count} characters, must have at most {MOST_TEXT_CHARACTERS}"
        yield Violation(f"{field}.string_value", str(count), text)
