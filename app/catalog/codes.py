"""Code tables of the catalogue: material types, shelf states, origins, the first digit of NDC, languages.

The library's own names and order of material types stand in a table (`app.branches.codes`); the rest is code.
"""

from django.db import models

from app.branches import codes


class MaterialType(models.TextChoices):
    """資料種別."""

    BOOK = "book", "一般図書"
    CHILD = "child", "児童図書"
    PICTURE = "picture", "絵本"
    KAMISHIBAI = "kamishibai", "紙芝居"
    REFERENCE = "reference", "参考図書"
    LOCAL = "local", "郷土・行政資料"
    POCKET = "pocket", "文庫・新書"
    LARGE = "large", "大活字"
    FOREIGN = "foreign", "外国語"
    MAGAZINE = "magazine", "雑誌"
    COMPUTER = "computer", "電子資料"
    CD = "cd", "CD"
    DVD = "dvd", "DVD"
    MAP = "map", "地図"
    SCORE = "score", "楽譜"


def material_types(*, all_lines: bool = False) -> list[codes.Choice]:
    """The material types as the library names and orders them; those out of use only with `all_lines`."""
    return codes.choices(codes.MATERIAL_TYPE, MaterialType.choices, all_lines=all_lines)


def material_label(code: str) -> str:
    """What a material type is called here."""
    return dict(material_types(all_lines=True)).get(code, code)


class ShelfStatus(models.TextChoices):
    """Where an item stands when it is not on loan; a loan is a row of circulation, never a status."""

    IN_STOCK = "in_stock", "在架"
    CLOSED_STACK = "closed_stack", "書庫"
    PROCESSING = "processing", "整理中"
    REPAIR = "repair", "修理中"
    INSPECTION = "inspection", "点検中"
    MISSING = "missing", "不明"
    WITHDRAWN = "withdrawn", "除籍"


def shelf_statuses(*, all_lines: bool = True) -> list[codes.Choice]:
    """The states of an item as the library names and orders them; its own that are out of use not without
    `all_lines`. In a state of its own an item is not lent."""
    return codes.choices(codes.SHELF_STATUS, ShelfStatus.choices, all_lines=all_lines)


def acquisitions(*, all_lines: bool = False) -> list[codes.Choice]:
    """How items are acquired (受入区分), as the library names and orders it."""
    return codes.choices(codes.ACQUISITION, all_lines=all_lines)


def shelf_marks(*, all_lines: bool = False) -> list[codes.Choice]:
    """The marks of shelves kept apart (別置記号), as the library names and orders them."""
    return codes.choices(codes.SHELF_MARK, all_lines=all_lines)


# A reader may take these home or ask for them now, as long as nobody has them on loan.
LENDABLE_STATUSES = (ShelfStatus.IN_STOCK, ShelfStatus.CLOSED_STACK)


class Restriction(models.TextChoices):
    """Why an item on the shelf is read in the house only; 禁帯出 is a column of its own."""

    NONE = "", "なし"
    IN_LIBRARY = "in_library", "館内のみ"
    LATEST = "latest", "最新号"


class Origin(models.TextChoices):
    """Where a record came from."""

    MARC = "marc", "MARC"
    STAFF = "staff", "自館作成"
    TEMPORARY = "temp", "仮登録"
    DEMO = "demo", "実演用"
    SCALE = "scale", "規模試験用"


class Level(models.TextChoices):
    """書誌の階層: what a record describes, and so what may stand below it."""

    SINGLE = "single", "単行"
    SET = "set", "全集・シリーズ"
    VOLUME = "volume", "各巻"
    SERIAL = "serial", "逐次刊行物"
    ISSUE = "issue", "各号"
    ARTICLE = "article", "記事"


# Which levels may stand below which; a level without a line here has nothing below it.
PARTS_OF = {
    Level.SET: (Level.SINGLE, Level.VOLUME, Level.SET),
    Level.SERIAL: (Level.ISSUE, Level.ARTICLE),
    Level.ISSUE: (Level.ARTICLE,),
}


class Visibility(models.TextChoices):
    """公開区分 of a record, an item or a digital link."""

    PUBLIC = "public", "公開"
    INSIDE = "inside", "館内のみ"
    STAFF = "staff", "業務のみ"


# Who sees what: a reader outside, a reader at a terminal inside the library, staff.
VISIBLE_TO = {
    "public": (Visibility.PUBLIC,),
    "inside": (Visibility.PUBLIC, Visibility.INSIDE),
    "staff": (Visibility.PUBLIC, Visibility.INSIDE, Visibility.STAFF),
}


class Audience(models.TextChoices):
    """利用対象."""

    GENERAL = "", "一般"
    CHILD = "child", "児童"
    YOUNG = "young", "ヤングアダルト"
    ADULT = "adult", "成人"


class CataloguingRules(models.TextChoices):
    """The rules by which a record was described."""

    UNKNOWN = "", "不明"
    NCR1987 = "ncr1987", "NCR1987"
    NCR2018 = "ncr2018", "NCR2018"
    RDA = "rda", "RDA"
    AACR2 = "aacr2", "AACR2"


class Screening(models.TextChoices):
    """上映権: whether a film may be shown to an audience."""

    UNKNOWN = "", "未確認"
    GRANTED = "granted", "上映権あり"
    NONE = "none", "上映権なし"


class MarcFormat(models.TextChoices):
    """In which form the original record is kept, when there is one."""

    MARC21 = "marc21", "MARC 21"
    MARCXML = "marcxml", "MARCXML"
    TRC = "trc", "TRC MARC(Tタイプ)"
    SHEET = "sheet", "表計算の行"
    DCNDL = "dcndl", "DC-NDL(国立国会図書館サーチ)"


NDC_CLASSES = {
    "0": "0 総記",
    "1": "1 哲学・宗教",
    "2": "2 歴史・地理",
    "3": "3 社会科学",
    "4": "4 自然科学",
    "5": "5 技術・工学",
    "6": "6 産業",
    "7": "7 芸術・スポーツ",
    "8": "8 言語",
    "9": "9 文学",
}

LANGUAGES = {
    "jpn": "日本語",
    "eng": "英語",
    "chi": "中国語",
    "kor": "韓国・朝鮮語",
    "fre": "フランス語",
    "ger": "ドイツ語",
    "rus": "ロシア語",
    "spa": "スペイン語",
    "por": "ポルトガル語",
}
