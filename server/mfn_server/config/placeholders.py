"""Whether a secret is one that somebody made up: an example left in place, or typed instead of drawn at random."""

import base64
import binascii
import re
from itertools import pairwise

LONG_WORDS = re.compile(
    r"change.?me|change.?it|secret|passw|example|sample|placeholder|insecure|replace|default|dummy|fixme|letmein"
    r"|qwert|lorem|swordfish|correct.?horse|deadbeef.?deadbeef",
    re.IGNORECASE,
)
"""Found anywhere: too long to come up in random text."""
SHORT_WORDS = re.compile(
    r"(?:^|[^a-z0-9])(?:test|testing|demo|your|todo|xxx+|foo|bar|key|dev)(?=$|[^a-z0-9])", re.IGNORECASE
)
"""Found as words of their own only: random text may hold their letters."""
BRACKETS = re.compile(r"\A<.*>\Z|\A\[.*\]\Z|\$\{.*\}|\{\{.*\}\}|\$\(.*\)", re.DOTALL)
"""Marks of a template that nobody filled in."""
MIN_VARIETY = 8
"""Different characters; 32 random hexadecimal digits have fewer once in 10 million keys."""
JUDGED = 256
"""Characters that are looked at; a secret that begins at random is random enough."""
MAX_STEPS = 0.5
"""Share of neighbours that follow each other in the alphabet, as in abcdef; random text has a tenth of it."""


def is_placeholder(secret: str) -> bool:
    """Whether a text, or what it encodes in hexadecimal or base64, is no random secret."""
    beginning = secret[:JUDGED]
    return any(_made_up(text) for text in (beginning, *_decoded(beginning)))


def _made_up(text: str) -> bool:
    if text.isascii() and any(marks.search(text) for marks in (LONG_WORDS, SHORT_WORDS, BRACKETS)):
        return True
    return len(set(text)) < MIN_VARIETY or _repeats(text) or _counts(text)


def _repeats(text: str) -> bool:
    """Whether a shorter text, again and again, is all of it."""
    return any(text[period:] == text[:-period] for period in range(1, len(text) // 2 + 1))


def _counts(text: str) -> bool:
    steps = sum(abs(ord(one) - ord(next_one)) == 1 for one, next_one in pairwise(text))
    return steps > MAX_STEPS * len(text)


def _decoded(text: str) -> list[str]:
    """What the text stands for when it encodes bytes."""
    found = []
    for decode in (bytes.fromhex, lambda coded: base64.b64decode(coded, validate=True)):
        try:
            found.append(decode(text).decode("latin-1"))
        except (ValueError, binascii.Error):
            continue
    return [each for each in found if len(each) > MIN_VARIETY]
