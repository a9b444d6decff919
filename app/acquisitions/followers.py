"""Orders follow their record when the catalogue merges two, and go back when it undoes that."""

from app.catalog.followers import Follower, put

put(Follower("acquisitions.order", "発注"))
