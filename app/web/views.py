"""Health and error pages."""

from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from app.web.middleware import staff_realm

_at_health: list[Callable[[], None]] = []


def at_health(look: Callable[[], None]) -> None:
    """Let an area above this one look at what changed when the process is asked for its health, with the database
    there: pages that ask the database for nothing know it from then on."""
    if look not in _at_health:
        _at_health.append(look)


def health(request: HttpRequest) -> JsonResponse:
    """200 when the database answers, 503 when it does not. Two SQL statements; no session is touched."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            database = cursor.fetchone() == (1,)
        for look in _at_health:
            look()
    except DatabaseError:
        database = False
    body = {"status": "ok" if database else "unavailable", "database": database, "release": settings.RELEASE}
    return JsonResponse(body, status=200 if database else 503, headers={"Cache-Control": "no-store"})


def _error(request: HttpRequest, status: int, title: str, message: str) -> HttpResponse:
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"error": title, "message": message}, status=status)
    context = {"title": title, "message": message, "request_id": getattr(request, "id", "")}
    template = "web/error.html" if staff_realm(request) else "opac/error.html"
    return render(request, template, context, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _error(request, 400, _("要求を理解できませんでした"), _("前の画面に戻って、もう一度お試しください。"))


def unreadable(request: HttpRequest) -> HttpResponse:
    """400 for a form with characters that cannot be kept (app/web/harmless.py)."""
    message = _("入力に、扱えない文字（制御文字など）があります。前の画面に戻り、その文字を消してお試しください。")
    return _error(request, 400, _("扱えない文字があります"), message)


def too_much(request: HttpRequest) -> HttpResponse:
    """400 for a value that is too long or too great to be kept; nothing was recorded."""
    message = _("入力が長すぎるか、数が大きすぎるため、記録しませんでした。前の画面に戻り、短くしてお試しください。")
    return _error(request, 400, _("入力を記録できませんでした"), message)


def still_working(request: HttpRequest) -> HttpResponse:
    """409 for a second press while the first one is at work (app/web/once.py)."""
    message = _("少し待ってから画面を開き直し、結果を確かめてください。")
    return _error(request, 409, _("同じ操作を処理しています"), message)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return _error(request, 403, _("この操作は許可されていません"), _("権限が必要な場合は管理者に相談してください。"))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return _error(
        request, 404, _("ページが見つかりません"), _("アドレスが変わったか、資料が除かれた可能性があります。")
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500; says the request id, which operations find in the log."""
    return _error(request, 500, _("処理を完了できませんでした"), _("時間をおいて、もう一度お試しください。"))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that is too old or came from elsewhere."""
    message = _("前の画面に戻り、再読み込みしてからもう一度操作してください。")
    return _error(request, 403, _("画面の有効期限が切れました"), message)
