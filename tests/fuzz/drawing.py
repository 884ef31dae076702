"""Messages made up from their descriptors: fields near their limits, valid messages nudged, bytes changed at random."""

import random
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

WORDS = ["", "u", "v", "potential_mv", "arrays/" + "a" * 64, "é", "x" * 70, "\0", "mfn.v1.SimulationService"]
PATHS = [
    "../../etc/passwd",
    "/etc/passwd",
    "federations/../..",
    "arrays/../../x",
    "a/\0/b",
    "..\\..\\x",
    "federations/．．",
]
INTEGERS = [0, 1, -1, 2, 4, 5, 16, 64, 4096, 4097, 10**6, 10**12, 2**31 - 1, 2**62, -(2**31), -(2**63), 2**63 - 1]
REALS = [0.0, 1.0, -1.0, 0.1, 0.005, 37.0, 310.15, 1e-300, 1e300, float("inf"), float("-inf"), float("nan"), -0.0]
BITS = {FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1), FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1)}
BITS |= {FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1), FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1)}
DEEPEST = 4


def scalar(field: Any, rng: random.Random) -> Any:
    """A value of a field that is no message; mostly one near a limit."""
    kind = field.cpp_type
    if kind in BITS:
        lowest, highest = BITS[kind]
        return min(max(rng.choice(INTEGERS), lowest), highest)
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        return rng.choice([0, 1, 2, 3, 7, 99])
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return rng.random() < 0.2
    if field.type == FieldDescriptor.TYPE_BYTES:
        return rng.randbytes(rng.choice([0, 1, 8, 64, 128, 4096]))
    return rng.choice(WORDS + PATHS) if kind == FieldDescriptor.CPPTYPE_STRING else rng.choice(REALS)


def fill(message: Message, rng: random.Random, depth: int = 0) -> None:
    """Set about half of the fields, to anything that they can hold."""
    for field in message.DESCRIPTOR.fields:
        if rng.random() < 0.5 or (depth == DEEPEST and field.message_type is not None):
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            continue
        count = rng.choice([1, 2, 2, 3]) if field.is_repeated else 1
        for _ in range(count):
            set_one(message, field, rng, depth)


def set_one(message: Message, field: Any, rng: random.Random, depth: int) -> None:
    """Set a field, or add one element to it."""
    if field.message_type is not None:
        held = getattr(message, field.name)
        inner = held.add() if field.is_repeated else held
        inner.SetInParent()
        fill(inner, rng, depth + 1)
    elif field.is_repeated:
        getattr(message, field.name).append(scalar(field, rng))
    else:
        setattr(message, field.name, scalar(field, rng))


def nudge(message: Message, rng: random.Random) -> None:
    """Set one field of the message, or of a message inside it, and leave the rest."""
    fields = list(message.DESCRIPTOR.fields)
    if not fields:
        return
    field: Any = rng.choice(fields)
    inside = field.message_type is not None and not field.is_repeated and message.HasField(field.name)
    if inside and rng.random() < 0.8:
        nudge(getattr(message, field.name), rng)
    elif field.containing_oneof is None or message.WhichOneof(field.containing_oneof.name) is None:
        set_one(message, field, rng, DEEPEST - 1)


def mutated(raw: bytes, rng: random.Random) -> bytes:
    """The bytes with some of them changed, lost or repeated."""
    data = bytearray(raw)
    for _ in range(rng.choice([0, 0, 1, 3])):
        if not data:
            break
        place = rng.randrange(len(data))
        change = rng.choice(["flip", "cut", "insert", "repeat"])
        if change == "flip":
            data[place] ^= 1 << rng.randrange(8)
        elif change == "cut":
            del data[place : place + rng.randrange(1, 9)]
        elif change == "insert":
            data[place:place] = rng.randbytes(rng.randrange(1, 9))
        else:
            data += data[place:]
    return bytes(data)
