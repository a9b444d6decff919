"""What this area puts into the staff menu."""

from app.access.menu import MANAGEMENT, PATRONS, Page, put
from app.patrons.actions import REGISTER, SETTINGS, VIEW, WITHDRAW

put(
    Page("patrons:search", "利用者", VIEW, PATRONS, "利用者を探し、登録します", key="F6", order=1),
    Page("patrons:register", "利用者の登録", REGISTER, PATRONS, "新しい利用者、仮登録からの本登録", order=2),
    Page("patrons:yearly", "年度の区分更新", WITHDRAW, PATRONS, "年齢による区分を年度替わりに改めます", order=40),
    Page("patrons:unused", "長期未利用者", WITHDRAW, PATRONS, "使われていない登録をまとめて退会にします", order=41),
    Page(
        "patrons:settings",
        "利用者区分と規程",
        SETTINGS,
        MANAGEMENT,
        "有効年数、年齢、消去までの日数",
        order=30,
    ),
)
