"""What this area puts into the staff menu."""

from app.access.menu import CATALOGUE, Page, put
from app.catalog.actions import IMPORT

put(
    Page("exchange:import", "取込", IMPORT, CATALOGUE, "MARC 21 の書誌を取り込みます", order=80),
)
