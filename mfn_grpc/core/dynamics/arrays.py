"""The type of the arrays in this folder."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
