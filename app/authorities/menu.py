"""What this area puts into the staff menu."""

from app.access.menu import CATALOGUE, Page, put
from app.authorities.actions import VIEW

put(Page("authorities:index", "典拠", VIEW, CATALOGUE, "著者名・件名の統一形と参照", order=20))
