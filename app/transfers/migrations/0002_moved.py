"""The search learns of each copy that is sent and arrives."""

from django.db import migrations

# Whatever stands in the table now may differ from the index as well.
MOVED = """
CREATE TRIGGER transfers_moved_in AFTER INSERT ON transfers_transfer
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalog_search_moved();
CREATE TRIGGER transfers_moved_out AFTER DELETE ON transfers_transfer
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalog_search_moved();
CREATE TRIGGER transfers_moved_from AFTER UPDATE ON transfers_transfer
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalog_search_moved();
CREATE TRIGGER transfers_moved_to AFTER UPDATE ON transfers_transfer
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalog_search_moved();
INSERT INTO catalog_searchmoved (item_id) SELECT item_id FROM transfers_transfer WHERE item_id IS NOT NULL;
"""
GONE = "".join(f"DROP TRIGGER transfers_moved_{one} ON transfers_transfer;" for one in ("in", "out", "from", "to"))


class Migration(migrations.Migration):
    dependencies = [("transfers", "0001_transfers_runs_stack_relocation"), ("catalog", "0011_moved")]
    operations = [migrations.RunSQL(MOVED, GONE)]
