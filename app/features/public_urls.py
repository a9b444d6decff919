"""What a reader reaches of this area. The addresses stand in feeds and bookmarks: they do not change."""

from django.urls import path

from app.features import feeds
from app.features.views import public

app_name = "show"
urlpatterns = [
    path("new/", public.new, name="new"),
    path("new/feed.xml", feeds.new, name="new_feed"),
    path("popular/", public.popular, name="popular"),
    path("lists/", public.lists, name="lists"),
    path("lists/feed.xml", feeds.lists, name="lists_feed"),
    path("lists/<int:theme_id>/", public.theme, name="theme"),
    path("news/", public.news, name="news"),
    path("news/feed.xml", feeds.news, name="news_feed"),
    path("news/<int:article_id>/", public.notice, name="notice"),
    path("pages/", public.pages, name="pages"),
    path("pages/<slug:slug>/", public.page, name="page"),
    path("shelf/", public.shelf, name="shelf"),
    path("map/", public.maps, name="maps"),
    path("map/<slug:code>/", public.floor, name="floor"),
    path("calendar/", public.calendar, name="calendar"),
    path("calendar/<slug:code>/", public.calendar_of, name="calendar_of"),
]
