"""Every error this package raises on purpose.

TradewindError
├── DataError        the table handed in is not what it claims to be   → exit 2, HTTP 422
├── NotEnoughHistory a series is too short for the request             → exit 2, HTTP 422
├── UnknownName      a model, run, series or target that is not there  → exit 2, HTTP 404
├── MissingPackage   an optional package is missing       → exit 2 (pretrain: 1), HTTP 501
├── WorkspaceBusy    another process holds the workspace               → exit 1, HTTP 503
├── Diverged         training found no finite loss any more            → exit 2, HTTP 422
└── Infeasible       no decision satisfies the constraints             → exit 1, HTTP 409
"""


class TradewindError(Exception):
    """The caller can do something about it; the message says what."""


class DataError(TradewindError):
    """The table handed in is not what it claims to be."""


class NotEnoughHistory(TradewindError):
    """A series is too short for the request."""


class UnknownName(TradewindError):
    """A model, run, series or target that does not exist."""


class MissingPackage(TradewindError):
    """An optional package is not installed; the message names the extra that brings it."""


class WorkspaceBusy(TradewindError):
    """Another process holds the workspace; the message names it."""


class Diverged(TradewindError):
    """Training found no finite loss any more; the message names the step."""


class Infeasible(TradewindError):
    """No decision satisfies the constraints."""
