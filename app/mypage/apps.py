from django.apps import AppConfig


class MypageConfig(AppConfig):
    """What a reader keeps by choice: records of reading, lists, words to be told of, consent of a family."""

    name = "app.mypage"
    label = "mypage"
    verbose_name = "マイページ"
