"""Made-up people with usual names; nobody in particular. Deterministic by number."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from django.contrib.auth.hashers import check_password

from app.patrons.models import Patron

# The commonest first, as in any Japanese telephone book; frequencies fall like 1/rank.
FAMILY = [
    tuple(pair.split(":"))
    for pair in (
        "佐藤:サトウ 鈴木:スズキ 高橋:タカハシ 田中:タナカ 伊藤:イトウ 渡辺:ワタナベ 山本:ヤマモト 中村:ナカムラ 小林:コバヤシ "
        "加藤:カトウ 吉田:ヨシダ 山田:ヤマダ 佐々木:ササキ 山口:ヤマグチ 松本:マツモト 井上:イノウエ 木村:キムラ 林:ハヤシ "
        "斎藤:サイトウ 清水:シミズ 山崎:ヤマザキ 森:モリ 池田:イケダ 橋本:ハシモト 阿部:アベ 石川:イシカワ 山下:ヤマシタ "
        "中島:ナカジマ 石井:イシイ 小川:オガワ 前田:マエダ 岡田:オカダ 長谷川:ハセガワ 藤田:フジタ 後藤:ゴトウ 近藤:コンドウ "
        "村上:ムラカミ 遠藤:エンドウ 青木:アオキ 坂本:サカモト 斉藤:サイトウ 福田:フクダ 太田:オオタ 西村:ニシムラ "
        "藤井:フジイ 金子:カネコ 岡本:オカモト 藤原:フジワラ 中野:ナカノ 三浦:ミウラ 原田:ハラダ 中川:ナカガワ 松田:マツダ "
        "竹内:タケウチ 小野:オノ 田村:タムラ 中山:ナカヤマ 和田:ワダ 石田:イシダ 森田:モリタ 上田:ウエダ 原:ハラ "
        "内田:ウチダ 柴田:シバタ 酒井:サカイ 宮崎:ミヤザキ 横山:ヨコヤマ 高木:タカギ 安藤:アンドウ 宮本:ミヤモト "
        "大野:オオノ 小島:コジマ 谷口:タニグチ 今井:イマイ 工藤:クドウ 髙田:タカダ 増田:マスダ 丸山:マルヤマ 杉山:スギヤマ "
        "村田:ムラタ 大塚:オオツカ 新井:アライ 小山:コヤマ 平野:ヒラノ 藤本:フジモト 河野:コウノ 上野:ウエノ 野口:ノグチ "
        "武田:タケダ 松井:マツイ 千葉:チバ 菅原:スガワラ 岩崎:イワサキ 久保:クボ 木下:キノシタ 佐野:サノ 野村:ノムラ "
        "松尾:マツオ 菊地:キクチ 北沢:キタザワ 宮沢:ミヤザワ 滝沢:タキザワ 柳沢:ヤナギサワ 小池:コイケ 唐沢:カラサワ 百瀬:モモセ"
    ).split()
]
GIVEN = [
    tuple(pair.split(":"))
    for pair in (
        "誠:マコト 浩:ヒロシ 健一:ケンイチ 隆:タカシ 明:アキラ 茂:シゲル 博:ヒロシ 豊:ユタカ 翔:ショウ 大輔:ダイスケ 健太:ケンタ "
        "拓也:タクヤ 直樹:ナオキ 哲也:テツヤ 剛:ツヨシ 学:マナブ 亮:リョウ 蓮:レン 陽翔:ハルト 湊:ミナト 樹:イツキ 蒼:アオイ "
        "恵子:ケイコ 和子:カズコ 幸子:サチコ 洋子:ヨウコ 京子:キョウコ 節子:セツコ 裕子:ユウコ 由美子:ユミコ 真由美:マユミ "
        "明美:アケミ 直美:ナオミ 美穂:ミホ 愛:アイ 彩:アヤ 美咲:ミサキ 葵:アオイ 陽菜:ヒナ 結衣:ユイ 凛:リン 紬:ツムギ "
        "千代:チヨ 文子:フミコ 道子:ミチコ 敏子:トシコ 久美子:クミコ 智子:トモコ 純子:ジュンコ 香織:カオリ 麻衣:マイ 優子:ユウコ "
        "正:タダシ 実:ミノル 清:キヨシ 勝:マサル 進:ススム 昇:ノボル 一郎:イチロウ 二郎:ジロウ 三郎:サブロウ 修:オサム 聡:サトシ "
        "康夫:ヤスオ 光雄:ミツオ 文雄:フミオ 英樹:ヒデキ 和也:カズヤ 雄一:ユウイチ 純一:ジュンイチ 達也:タツヤ 慎一:シンイチ"
    ).split()
]


@dataclass(frozen=True)
class Person:
    """A name with its reading, and a date of birth."""

    name: str
    kana: str
    birth_date: date


def by_rank(random: Random, size: int) -> int:
    """An index below `size`, the first ones far more often (density like 1/rank)."""
    return min(int(size ** random.random()) - 1, size - 1)


def person(number: int, today: date, seed: int = 0) -> Person:
    """The n-th person: every age from three to ninety, children and the retired somewhat more often."""
    random = Random(f"{seed}:person:{number}")  # noqa: S311 - demonstration data
    family, given = FAMILY[by_rank(random, len(FAMILY))], GIVEN[random.randrange(len(GIVEN))]
    age = random.choice((random.randint(3, 15), random.randint(16, 64), random.randint(25, 70), random.randint(60, 90)))
    born = today.replace(month=1, day=1, year=today.year - age) + timedelta(days=random.randrange(365))
    return Person(f"{family[0]} {given[0]}", f"{family[1]} {given[1]}", min(born, today))


def category_of(birth_date: date, today: date) -> str:
    """The usual patron category of an age."""
    age = today.year - birth_date.year
    for limit, code in ((6, "infant"), (12, "child"), (15, "junior"), (18, "high")):
        if age <= limit:
            return code
    return "general"


def has_password(patron: Patron, password: str) -> bool:
    """Whether the patron's password is this one already."""
    return bool(patron.password) and check_password(password, patron.password)
