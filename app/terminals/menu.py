"""What this area puts into the staff menu."""

from app.access.menu import COUNTER, MANAGEMENT, Page, put
from app.terminals.actions import MANAGE, READ

put(
    Page("terminals:list", "端末", MANAGE, MANAGEMENT, "端末の用紙・音・離席保護、館のキー割当と知らせ", order=30),
    Page(
        "terminals:codes",
        "読取り用の符号",
        READ,
        COUNTER,
        "「はい」「いいえ」など、読み取る符号の印刷",
        order=80,
    ),
)
