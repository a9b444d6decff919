"""What may be done to the register. Operations of the counter unless a list of roles says otherwise."""

from app.access.operations import LIBRARIAN, declare

VIEW = declare("patrons.view", "利用者を検索・表示する", kind="view")
SEE_ALL = declare("patrons.see_all", "利用者の電話・住所・生年月日を伏せずに見る", roles=(LIBRARIAN,), kind="view")
UNMASK = declare("patrons.unmask", "利用者の伏せた項目を開く（記録される）", kind="view")
REGISTER = declare("patrons.register", "利用者を登録する", kind="add")
CHANGE = declare("patrons.change", "利用者の登録内容を変更する", kind="change")
STOP = declare("patrons.stop", "利用停止を登録・解除する", kind="change")
WITHDRAW = declare("patrons.withdraw", "利用者を退会させる", roles=(LIBRARIAN,), kind="delete")
DISCLOSE = declare("patrons.disclose", "本人に開示する資料を印刷する", kind="print")
IMPORT = declare("patrons.import", "利用者を一括で取り込む", roles=(), kind="add")
SETTINGS = declare("patrons.settings", "利用者区分と登録の規程を変更する", roles=())
ISSUE_PASSWORD = declare("patrons.issue_password", "利用者の仮パスワードを発行する")
