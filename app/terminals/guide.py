"""The guide of each page: what the page is for, in the order of the hand. A page without one of its own shows its
line of the menu. Libraries add their own words (models.GuideNote)."""

from app.access.menu import pages

GUIDES: dict[str, tuple[str, ...]] = {
    "circulation:lend": (
        "利用券、資料の順に読み取ります。確定のボタンはありません。",
        "次の利用券を読み取ると、前の利用者は自動で閉じます。",
        "貸出中の本人の資料をもう一度読み取ると延長になります。全点の延長は⇧F2です。",
        "読み違えたときはF10で直前の貸出を取り消します。返却にはせず、統計も元に戻ります。",
        "利用券を忘れた人は⇧F6で、カナ氏名・電話・生年月日から探します。",
        "期限を指定して貸すときは⇧F3を押してから読み取ります。館内利用は⇧F5の画面です。",
        "質問が出たら、←→とEnter、Y・N、または符号の「はい」「いいえ」の読取で答えます。",
        "資料照会(⇧F4)・利用者(F6)・予約(F7)へ移っても、F2で戻れば同じ利用者の続きから始まります。",
    ),
    "circulation:give_back": (
        "資料だけを読み取ります。利用券は要りません。",
        "次にすることを大きく示します。予約の資料は取置票、他館の資料は回送票を印刷します。",
        "返却ポストの資料は⇧F3で返却日を選んでから続けて読み取ります。延滞にはなりません。",
        "貸出中でない資料は知らせるだけで、統計に数えません。",
        "読み違えたときはF10で直前の返却を取り消します。",
        "返した人の名前は表示しません。",
    ),
    "catalog:search": ("書名・著者・ISBN・資料番号で探します。資料番号を読み取るとその資料が直接開きます。",),
    "patrons:search": ("利用券の読取、またはカナ氏名・生年月日・電話で探します。1人だけ見つかれば直接開きます。",),
    "terminals:list": (
        "端末はアドレスで見分けます。入替えのときは新しい端末に設定を写し、アドレスを書き替えます。",
        "音・音量は窓口の画面からも変えられ、ここに残ります。",
    ),
}
EVERYWHERE = (
    "F1 手引き、F12 業務メニュー。",
    "入力の途中でほかの画面へ移っても、戻れば入力が残っています。",
)


def lines_of(page: str) -> tuple[str, ...]:
    """The sentences about a page; those of its line in the menu where it has no guide of its own."""
    if page in GUIDES:
        return GUIDES[page]
    return tuple(entry.text for entry in pages() if entry.name == page)


def title_of(page: str) -> str:
    """What the page is called in the menu; "" for one that does not stand there."""
    return next((entry.title for entry in pages() if entry.name == page), "")
