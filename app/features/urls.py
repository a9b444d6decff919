"""Addresses for staff."""

from django.urls import path

from app.features.views import staff_articles, staff_lists, staff_places

app_name = "features"
urlpatterns = [
    path("lists/", staff_lists.index, name="lists"),
    path("lists/new/", staff_lists.new, name="list_new"),
    path("lists/<int:theme_id>/", staff_lists.edit, name="list"),
    path("lists/<int:theme_id>/add/", staff_lists.add, name="list_add"),
    path("lists/<int:theme_id>/arrange/", staff_lists.arrange, name="list_arrange"),
    path("lists/<int:theme_id>/delete/", staff_lists.delete, name="list_delete"),
    path("policy/", staff_lists.policy, name="policy"),
    path("articles/", staff_articles.index, name="articles"),
    path("articles/new/news/", staff_articles.new, {"kind": "news"}, name="news_new"),
    path("articles/new/page/", staff_articles.new, {"kind": "page"}, name="page_new"),
    path("articles/<int:article_id>/", staff_articles.show, name="article"),
    path("articles/<int:article_id>/versions/<int:version_id>/", staff_articles.act, name="article_act"),
    path("articles/<int:article_id>/withdraw/", staff_articles.withdraw, name="article_withdraw"),
    path("plans/", staff_places.floors, name="floors"),
    path("plans/<slug:code>/new/", staff_places.floor, name="floor_new"),
    path("plans/<slug:code>/<int:plan_id>/", staff_places.floor, name="floor"),
    path("plans/<slug:code>/<int:plan_id>/delete/", staff_places.delete_floor, name="floor_delete"),
    path("mobile/", staff_places.courses, name="courses"),
    path("mobile/<slug:code>/new/", staff_places.course, name="course_new"),
    path("mobile/<slug:code>/<int:course_id>/", staff_places.course, name="course"),
    path("mobile/<slug:code>/<int:course_id>/days/", staff_places.course_days, name="course_days"),
]
