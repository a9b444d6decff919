from django.urls import path

from app.access import views
from app.access.door import mine, screen, signing
from app.access.manage import postings, roles, staff

app_name = "access"
urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", signing.sign_in, name="sign_in"),
    path("sign-in/second/", signing.second, name="second"),
    path("sign-in/enrol/", signing.enrol, name="enrol"),
    path("sign-in/password/", signing.new_password, name="new_password"),
    path("sign-out/", signing.sign_out, name="sign_out"),
    path("lock/", screen.lock, name="lock"),
    path("unlock/", screen.unlock, name="unlock"),
    path("switch/", screen.switch, name="switch"),
    path("mine/", mine.mine, name="mine"),
    path("people/", staff.listing, name="staff"),
    path("people/new/", staff.edit, name="staff_new"),
    path("people/import/", staff.load, name="staff_import"),
    path("people/cards/", staff.cards, name="staff_cards"),
    path("people/<int:user_id>/", staff.edit, name="staff_edit"),
    path("people/<int:user_id>/password/", staff.reissue, name="staff_password"),
    path("people/<int:user_id>/second/", staff.reset_second, name="staff_second"),
    path("people/<int:user_id>/appoint/", staff.appoint, name="staff_appoint"),
    path("people/appointments/<int:appointment_id>/withdraw/", staff.withdraw, name="staff_withdraw"),
    path("postings/", postings.listing, name="postings"),
    path("postings/new/", postings.new, name="posting_new"),
    path("postings/<int:sheet_id>/", postings.detail, name="posting"),
    path("postings/<int:sheet_id>/withdraw/", postings.withdraw, name="posting_withdraw"),
    path("roles/", roles.matrix, name="roles"),
    path("roles/history/", roles.history, name="roles_history"),
    path("roles/new/", roles.new, name="role_new"),
    path("roles/<slug:code>/", roles.edit, name="role"),
    path("powers/", roles.powers, name="powers"),
    path("policy/", roles.policy, name="policy"),
]
