"""Files written from frames as they arrive; one format a module."""

from mfn_client._export._outputs import SUFFIXES, Outputs
from mfn_client._export._writer import OutputRefused, Writer

__all__ = ["SUFFIXES", "OutputRefused", "Outputs", "Writer"]
