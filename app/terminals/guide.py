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
    "regulations:table": (
        "項目ごとに、対象(館・利用者区分・資料種別・所在)を最も細かく指定した規則が効きます。",
        "規則は開始日から自動で効きます。終了日のある規則は、その期間だけ通常の規則に重なります。",
        "「影響を確かめる」で今日の貸出・予約に何が起こるかを見てから登録します。",
        "すでに効いている規則は消さず、新しい開始日で書き換えます。履歴に変更者と前後の値が残ります。",
    ),
    "calendars:places": (
        "館と年度を選び、毎週・第n曜日・年末年始・祝日の規則から1年分の休館日を作成します。",
        "日を選ぶと、その日だけの休館・開館や開館時間を変えられます。",
        "休館日になった日が期限の貸出・取置は、次の開館日へ自動で変わり、件数を知らせます。",
        "便の曜日から、回送した資料の到着見込日を求めます。",
    ),
    "calendars:changes": (
        "期間と館を入れ、件数を確かめてから登録します。返却期限と取置期限が一度に変わります。",
        "取り消すと、その登録で変えた期限だけが元に戻ります。その後に職員が変えた期限は変わりません。",
    ),
    "regulations:words": (
        "文言を選んで書き換えると、次の画面から使われます。{ }の差し込みは、そのままの名前で使います。",
        "空にすると既定の文言に戻ります。一覧はExcel・CSVで取り出せます。",
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
