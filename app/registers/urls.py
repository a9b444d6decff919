from django.urls import path

from app.registers import views, views_papers

app_name = "registers"
urlpatterns = [
    path("", views.index, name="index"),
    path("search/", views.search, name="search"),
    path("issued/<str:number>/", views_papers.copy, name="copy"),
    path("<slug:register>/", views.rows, name="rows"),
    path("<slug:register>/new/", views.new, name="new"),
    path("<slug:register>/sheet/<str:kind>/", views_papers.sheet, name="sheet"),
    path("<slug:register>/take-in/", views_papers.take_in, name="take-in"),
    path("<slug:register>/together/", views.together, name="together"),
    path("<slug:register>/papers/<slug:paper>/", views_papers.register_paper, name="register-paper"),
    path("<slug:register>/<str:number>/", views.row, name="row"),
    path("<slug:register>/<str:number>/edit/", views.edit, name="edit"),
    path("<slug:register>/<str:number>/act/", views.act, name="act"),
    path("<slug:register>/<str:number>/files/<int:pk>/", views_papers.file, name="file"),
    path("<slug:register>/<str:number>/papers/<slug:paper>/", views_papers.row_paper, name="row-paper"),
]
