"""Property tests on a slow machine: how long an example takes is no finding (`-p tests.patience`)."""

from hypothesis import HealthCheck, settings

settings.register_profile("kura", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kura")
