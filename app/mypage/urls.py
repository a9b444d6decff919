"""Addresses of My Page, included by the public site under /my/."""

from django.urls import path

from app.mypage.views import account, baskets, kept, loans, seats, sets

app_name = "mypage"
urlpatterns = [
    path("loans/renew/", loans.renew_all, name="renew_all"),
    path("loans/<int:loan_id>/renew/", loans.renew, name="renew"),
    path("holds/order/", sets.order, name="order"),
    path("basket/", baskets.show, name="basket"),
    path("basket/change/", baskets.change, name="basket_change"),
    path("basket/hold/", baskets.place, name="basket_hold"),
    path("reset/", account.ask_reset, name="ask_reset"),
    path("reset/asked/", account.reset_asked, name="reset_asked"),
    path("reset/<str:token>/", account.reset, name="reset"),
    path("settings/", account.settings_page, name="settings"),
    path("settings/notices/", account.save_notices, name="save_notices"),
    path("settings/mail/", account.ask_mail, name="ask_mail"),
    path("settings/mail/give-up/", account.give_up_mail, name="give_up_mail"),
    path("mail/<str:token>/", account.confirm_mail, name="confirm_mail"),
    path("favourites/", kept.favourites, name="favourites"),
    path("favourites/records/<int:record_id>/", kept.favourite, name="favourite"),
    path("favourites/<int:favourite_id>/drop/", kept.drop_favourite, name="drop_favourite"),
    path("reading/", kept.reading, name="reading"),
    path("reading/begin/", kept.begin_reading, name="begin_reading"),
    path("reading/end/", kept.end_reading, name="end_reading"),
    path("reading/forget/", kept.forget_title, name="forget_title"),
    path("arrivals/", kept.watches, name="watches"),
    path("arrivals/<int:watch_id>/forget/", kept.unwatch, name="unwatch"),
    path("card/", kept.card, name="card"),
    path("seats/", seats.show, name="seats"),
    path("seats/book/", seats.book, name="book_seat"),
    path("seats/confirm/", seats.confirm, name="confirm_seat"),
    path("seats/<int:booking_id>/cancel/", seats.cancel, name="cancel_seat"),
    path("family/", kept.family, name="family"),
    path("family/share/", kept.share, name="share"),
]
