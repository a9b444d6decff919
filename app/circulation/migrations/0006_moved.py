"""The search learns of each loan and return as it happens."""

from django.db import migrations

# Whatever stands in the table now may differ from the index as well.
MOVED = """
CREATE TRIGGER circulation_moved_in AFTER INSERT ON circulation_loan
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalog_search_moved();
CREATE TRIGGER circulation_moved_out AFTER DELETE ON circulation_loan
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalog_search_moved();
CREATE TRIGGER circulation_moved_from AFTER UPDATE ON circulation_loan
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalog_search_moved();
CREATE TRIGGER circulation_moved_to AFTER UPDATE ON circulation_loan
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalog_search_moved();
INSERT INTO catalog_searchmoved (item_id) SELECT item_id FROM circulation_loan WHERE item_id IS NOT NULL;
"""
GONE = "".join(f"DROP TRIGGER circulation_moved_{one} ON circulation_loan;" for one in ("in", "out", "from", "to"))


class Migration(migrations.Migration):
    dependencies = [("circulation", "0005_compensation"), ("catalog", "0011_moved")]
    operations = [migrations.RunSQL(MOVED, GONE)]
