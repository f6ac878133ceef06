"""Models: each answers what will happen, and keeps one promise: Forecaster → Fitted → Forecast."""
