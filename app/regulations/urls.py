from django.urls import path

from app.regulations import views, views_codes

app_name = "regulations"
urlpatterns = [
    path("", views.table, name="table"),
    path("edit/", views.edit, name="edit"),
    path("<int:row_id>/withdraw/", views.withdraw, name="withdraw"),
    path("why/", views.why, name="why"),
    path("history/", views.history, name="history"),
    path("codes/", views_codes.tables, name="codes"),
    path("codes/<slug:table>/", views_codes.edit, name="code_table"),
    path("words/", views_codes.words, name="words"),
    path("words/edit/", views_codes.edit_word, name="word"),
]
