"""What this area puts into the staff menu."""

from app.access.menu import MANAGEMENT, Page, put
from app.exports.actions import LIST

put(
    Page(
        "exports:index",
        "書出しファイル",
        LIST,
        MANAGEMENT,
        "個人情報のファイルの受取・承認・消去日",
        order=80,
    ),
)
