"""Why a forecast is what it is, and what it would be if something else were planned."""
