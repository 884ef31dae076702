"""The updates of the known answers."""

import numpy as np

from mfn_grpc.core.arrays import Array

X: Array = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
