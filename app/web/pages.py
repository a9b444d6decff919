"""What a log may call a page.

An address says what was looked at or wished for (`/records/553/hold/?q=…`), and every log is kept for years beside the
audit log, where the same request id, terminal and second stand with the reader or the clerk. So no log has an address:
it has the pattern of the page, `records/<int:record_id>/hold/`, behind the reader's door, and the request id of the
error page. nginx logs the pattern from the header `HEADER` of the answer and keeps it to itself (roles/nginx).
"""

import logging
import re
from http.client import responses

from django.http import HttpRequest

from app.web.doors import STREET, Door

HEADER = "X-Kura-Page"
# What PostgreSQL adds to an error: rows, values and pieces of the statement.
_QUOTED = re.compile(r"^(?:DETAIL|CONTEXT|HINT|LINE \d+):.*(?:\n[ \t].*)*\n?", re.M)


def page_of(request: HttpRequest) -> str:
    """The pattern of the page that was asked for, through its door; `-` where no pattern matched."""
    match = getattr(request, "resolver_match", None)
    door: Door = getattr(request, "door", STREET)
    return f"{door.prefix}/{match.route}" if match else "-"


class WithoutAddresses(logging.Filter):
    """Django and gunicorn name the address of a request that failed; the journal gets its pattern and request id."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest):
            what = responses.get(getattr(record, "status_code", 0), "Failed")
            record.msg = "%s: %s %s, request %s"
            record.args = (what, request.method, page_of(request), getattr(request, "id", "-"))
        elif record.name.startswith("gunicorn") and isinstance(record.args, tuple):
            record.args = tuple("(address)" if str(one).startswith("/") else one for one in record.args)
        return True


class Plain(logging.Formatter):
    """One record as text; of a database's error what failed, without the rows and values it quotes."""

    def formatException(self, ei: object) -> str:
        """The traceback of an exception."""
        return _QUOTED.sub("", super().formatException(ei)).rstrip()  # type: ignore[arg-type]
