"""Request metrics, counted in the web processes.

With PROMETHEUS_MULTIPROC_DIR set, gunicorn's workers share files that `manage serve_metrics` reads; without it the
numbers stay in the process. Labels are route names, never paths: a path may hold a person's number.
"""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 3.0, 10.0)
REQUESTS = Counter("kura_http_requests", "Requests answered", ["route", "method", "status"])
SECONDS = Histogram("kura_http_request_seconds", "Seconds to answer", ["route"], buckets=BUCKETS)
METHODS = frozenset({"GET", "HEAD", "POST"})


class RequestMetrics:
    """Counts and times every answer by route, method and class of status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begin = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        route = match.view_name or "unnamed" if match else "none"
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(route, method, f"{response.status_code // 100}xx").inc()
        SECONDS.labels(route).observe(time.perf_counter() - begin)
        return response
