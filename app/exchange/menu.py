"""What this area puts into the staff menu."""

from app.access.menu import CATALOGUE, Page, put
from app.catalog.actions import IMPORT

put(
    Page("exchange:import", "取込", IMPORT, CATALOGUE, "MARC・MARCXML・TRC MARC の書誌を取り込みます", order=80),
    Page(
        "exchange:items",
        "所蔵の取込",
        IMPORT,
        CATALOGUE,
        "前のシステムや委託先の所蔵データ(CSV)を取り込みます",
        order=80,
    ),
    Page(
        "exchange:articles",
        "記事索引の取込",
        IMPORT,
        CATALOGUE,
        "新聞・雑誌記事の見出しを表計算から取り込みます",
        order=81,
    ),
)
