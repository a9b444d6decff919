"""The Japanese names of the areas (the first part of an operation's code), in the order of the matrix."""

AREAS = {
    "circulation": "貸出・返却",
    "holds": "予約",
    "transfers": "回送",
    "patrons": "利用者",
    "catalog": "書誌・所蔵",
    "exchange": "取込み・書出し",
    "notices": "連絡",
    "mypage": "マイページ",
    "calendars": "開館日",
    "regulations": "規則",
    "branches": "館・コード",
    "terminals": "端末",
    "exports": "出力ファイル",
    "jobs": "定時処理",
    "office": "職員室",
    "access": "職員と権限",
    "audit": "監査",
}


def title_of_area(area: str) -> str:
    """The name of an area; its code for one that has none yet."""
    return AREAS.get(area, area)


def place_of_area(area: str) -> tuple[int, str]:
    """Where an area stands in the matrix; those without a name of their own at the end."""
    return (list(AREAS).index(area) if area in AREAS else len(AREAS), area)
