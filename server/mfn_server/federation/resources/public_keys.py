"""Ed25519 public keys: whether 32 bytes are one (RFC 8032, section 5.1.3)."""

from mfn_grpc.signing import PUBLIC_KEY_BYTES

_PRIME = 2**255 - 19
_CURVE_D = -121665 * pow(121666, -1, _PRIME) % _PRIME
_ROOT_OF_MINUS_ONE = pow(2, (_PRIME - 1) // 4, _PRIME)
_SIGN_BIT = 1 << 255

_Point = tuple[int, int]


def public_key_fault(raw: bytes) -> str | None:
    """What is wrong with a public key, in words; None when signatures can be verified by it.

    Of the points on the curve those of small order are refused: by them many signatures that nobody made would verify.
    """
    if len(raw) != PUBLIC_KEY_BYTES:
        return f"has {len(raw)} bytes, must have {PUBLIC_KEY_BYTES} (an Ed25519 public key)"
    point = _point(raw)
    if point is None:
        return "is no point of the curve, must be an Ed25519 public key"
    if _small_order(point):
        return "is a point of small order, must be an Ed25519 public key made from a private one"
    return None


def _point(raw: bytes) -> _Point | None:
    """The point that these bytes encode, or None."""
    encoded = int.from_bytes(raw, "little")
    y = encoded % _SIGN_BIT
    if y >= _PRIME:
        return None
    x = _x_of(y, odd=encoded >= _SIGN_BIT)
    return None if x is None else (x, y)


def _x_of(y: int, *, odd: bool) -> int | None:
    """The x of this parity with -x² + y² = 1 + d x² y², or None."""
    square = (y * y - 1) * pow(_CURVE_D * y * y + 1, -1, _PRIME) % _PRIME
    x = pow(square, (_PRIME + 3) // 8, _PRIME)
    if x * x % _PRIME != square:
        x = x * _ROOT_OF_MINUS_ONE % _PRIME
    if x * x % _PRIME != square or (x == 0 and odd):
        return None
    return x if x % 2 == odd else _PRIME - x


def _small_order(point: _Point) -> bool:
    """Whether eight times the point is the neutral element."""
    for _ in range(3):
        point = _doubled(point)
    return point == (0, 1)


def _doubled(point: _Point) -> _Point:
    x, y = point
    across = _CURVE_D * x * x * y * y
    doubled_x = 2 * x * y * pow(1 + across, -1, _PRIME) % _PRIME
    doubled_y = (y * y + x * x) * pow(1 - across, -1, _PRIME) % _PRIME
    return doubled_x, doubled_y
