from django.urls import path

from app.upkeep import views

app_name = "upkeep"
urlpatterns = [
    path("works/", views.works, name="works"),
    path("works/new/", views.work_new, name="work-new"),
    path("works/<int:work_id>/", views.work, name="work"),
    path("works/<int:work_id>/report.docx", views.work_report, name="work-report"),
    path("inspections/", views.inspections, name="inspections"),
    path("inspections/begin/", views.inspection_begin, name="inspection-begin"),
    path("inspections/<int:inspection_id>/", views.inspection, name="inspection"),
    path("inspections/<int:inspection_id>/finish/", views.inspection_finish, name="inspection-finish"),
    path("treatments/", views.treatments, name="treatments"),
    path("treatments/<int:treatment_id>/", views.treatment_finish, name="treatment"),
    path("stops/", views.stops, name="stops"),
    path("stops/new/", views.stop_new, name="stop-new"),
    path("stops/announce/", views.stops_announce, name="stops-announce"),
    path("stops/<int:stop_id>/", views.stop, name="stop"),
    path("updates/", views.updates, name="updates"),
    path("updates/new/", views.update_new, name="update-new"),
    path("updates/<int:update_id>/", views.update, name="update"),
    path("updates/<int:update_id>/<slug:step>/", views.update_step, name="update-step"),
    path("levels/", views.levels, name="levels"),
    path("levels/measure/", views.levels_measure, name="levels-measure"),
]
