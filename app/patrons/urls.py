from django.urls import path

from app.patrons.views import bulk, person, prints, register

app_name = "patrons"
urlpatterns = [
    path("", register.search, name="search"),
    path("new/", register.register, name="register"),
    path("places/", register.places, name="places"),
    path("yearly/", bulk.yearly, name="yearly"),
    path("unused/", bulk.unused, name="unused"),
    path("settings/", bulk.settings, name="settings"),
    path("settings/categories/new/", bulk.category, name="new_category"),
    path("settings/categories/<int:category_id>/", bulk.category, name="category"),
    path("stops/<int:stop_id>/lift/", person.lift_stop, name="lift_stop"),
    path("notes/<int:note_id>/done/", person.finish_note, name="finish_note"),
    path("<int:patron_id>/", person.show, name="show"),
    path("<int:patron_id>/edit/", register.edit, name="edit"),
    path("<int:patron_id>/unmask/", person.unmask, name="unmask"),
    path("<int:patron_id>/password/", person.issue_password, name="issue_password"),
    path("<int:patron_id>/release-sign-in/", person.release_sign_in, name="release_sign_in"),
    path("<int:patron_id>/renew/", person.renew, name="renew"),
    path("<int:patron_id>/post/", person.post_returned, name="post_returned"),
    path("<int:patron_id>/cards/", person.add_card, name="add_card"),
    path("<int:patron_id>/cards/lost/", person.lost_card, name="lost_card"),
    path("<int:patron_id>/stops/", person.add_stop, name="add_stop"),
    path("<int:patron_id>/notes/", person.add_note, name="add_note"),
    path("<int:patron_id>/family/", person.family, name="family"),
    path("<int:patron_id>/family/join/", person.join_family, name="join_family"),
    path("<int:patron_id>/family/leave/", person.leave_family, name="leave_family"),
    path("<int:patron_id>/history/", person.history, name="history"),
    path("<int:patron_id>/withdraw/", person.withdraw, name="withdraw"),
    path("<int:patron_id>/sheet/", prints.sheet, name="sheet"),
    path("<int:patron_id>/card/", prints.card, name="card"),
    path("<int:patron_id>/disclosure/", prints.disclosure, name="disclosure"),
]
