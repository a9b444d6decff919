from django.apps import AppConfig


class MypageConfig(AppConfig):
    """What a reader keeps by choice: records of reading, lists, words to be told of, consent of a family."""

    name = "app.mypage"
    label = "mypage"
    verbose_name = "マイページ"

    def ready(self) -> None:
        from app.mypage import tellers
        from app.notices.codes import Kind
        from app.notices.tellers import tell

        tell(Kind.RESET, tellers.reset)
        tell(Kind.MAIL_CHECK, tellers.mail_check)
        tell(Kind.ARRIVAL, tellers.arrival)
