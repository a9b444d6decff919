"""The search learns of each copy that waits for a reader or is on its way to one."""

from django.db import migrations

# Whatever stands in the table now may differ from the index as well.
MOVED = """
CREATE TRIGGER holds_moved_in AFTER INSERT ON holds_hold
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalog_search_moved();
CREATE TRIGGER holds_moved_out AFTER DELETE ON holds_hold
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalog_search_moved();
CREATE TRIGGER holds_moved_from AFTER UPDATE ON holds_hold
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalog_search_moved();
CREATE TRIGGER holds_moved_to AFTER UPDATE ON holds_hold
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalog_search_moved();
INSERT INTO catalog_searchmoved (item_id) SELECT item_id FROM holds_hold WHERE item_id IS NOT NULL;
"""
GONE = "".join(f"DROP TRIGGER holds_moved_{one} ON holds_hold;" for one in ("in", "out", "from", "to"))


class Migration(migrations.Migration):
    dependencies = [("holds", "0002_followed"), ("catalog", "0011_moved")]
    operations = [migrations.RunSQL(MOVED, GONE)]
