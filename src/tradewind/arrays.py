"""Array types: one short name for each kind of numpy array that flows through the house."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Dates = NDArray[np.datetime64]
"""Period starts, as datetime64[us]."""
Floats32 = NDArray[np.float32]
"""Inputs and outputs of networks."""
