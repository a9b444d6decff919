"""Pages of upkeep."""

from app.upkeep.views.planned import levels, levels_measure, stop, stop_new, stops, stops_announce
from app.upkeep.views.updates import update, update_new, update_step, updates
from app.upkeep.views.works import (
    inspection,
    inspection_begin,
    inspection_finish,
    inspections,
    treatment_finish,
    treatments,
    work,
    work_new,
    work_report,
    works,
)

__all__ = [
    "inspection",
    "inspection_begin",
    "inspection_finish",
    "inspections",
    "levels",
    "levels_measure",
    "stop",
    "stop_new",
    "stops",
    "stops_announce",
    "treatment_finish",
    "treatments",
    "update",
    "update_new",
    "update_step",
    "updates",
    "work",
    "work_new",
    "work_report",
    "works",
]
