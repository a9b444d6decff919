"""An item is in one place: the database itself refuses a state that no counter may leave behind.

Judged when a transaction ends, for within one a loan is there before the hold that it completes has ended. The item's
row is locked first (whoever moves it holds that lock already), so that of two transactions at once the later one sees
what the earlier has done. A hold that is only being looked for (pull) does not say where the item is.
"""

from django.db import migrations

MEND = """
DELETE FROM transfers_transfer t
WHERE EXISTS (SELECT FROM circulation_loan l WHERE l.item_id = t.item_id)
    OR EXISTS (SELECT FROM holds_hold h WHERE h.item_id = t.item_id AND h.status = 'ready');
UPDATE holds_hold h SET status = 'waiting', item_id = NULL, ready_at = NULL, contacted_on = NULL, keep_until = NULL,
    shelf_number = NULL
WHERE h.status IN ('transit', 'ready') AND EXISTS (SELECT FROM circulation_loan l WHERE l.item_id = h.item_id);
-- What these have set off is judged here: a table with waiting triggers cannot be altered.
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""
GUARD = """
CREATE FUNCTION holds_item_is_in_one_place() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lent boolean;
    travels boolean;
BEGIN
    PERFORM FROM catalog_item WHERE id = NEW.item_id FOR NO KEY UPDATE;
    lent := EXISTS (SELECT FROM circulation_loan WHERE item_id = NEW.item_id);
    travels := EXISTS (SELECT FROM transfers_transfer WHERE item_id = NEW.item_id);
    IF (lent AND travels)
        OR (lent AND EXISTS (SELECT FROM holds_hold WHERE item_id = NEW.item_id AND status IN ('transit', 'ready')))
        OR (travels AND EXISTS (SELECT FROM holds_hold WHERE item_id = NEW.item_id AND status = 'ready'))
    THEN
        RAISE EXCEPTION 'an item is in two places' USING ERRCODE = '23514', CONSTRAINT = 'holds_item_in_one_place';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER holds_item_in_one_place AFTER INSERT OR UPDATE OF item_id ON circulation_loan
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION holds_item_is_in_one_place();
CREATE CONSTRAINT TRIGGER holds_item_in_one_place AFTER INSERT OR UPDATE OF item_id ON transfers_transfer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION holds_item_is_in_one_place();
CREATE CONSTRAINT TRIGGER holds_item_in_one_place AFTER INSERT ON holds_hold
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.status IN ('transit', 'ready'))
    EXECUTE FUNCTION holds_item_is_in_one_place();
CREATE CONSTRAINT TRIGGER holds_item_stays_in_one_place AFTER UPDATE ON holds_hold
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.status IN ('transit', 'ready')
        AND (NEW.status IS DISTINCT FROM OLD.status OR NEW.item_id IS DISTINCT FROM OLD.item_id))
    EXECUTE FUNCTION holds_item_is_in_one_place();
"""
FREE = """
DROP TRIGGER holds_item_in_one_place ON circulation_loan;
DROP TRIGGER holds_item_in_one_place ON transfers_transfer;
DROP TRIGGER holds_item_in_one_place ON holds_hold;
DROP TRIGGER holds_item_stays_in_one_place ON holds_hold;
DROP FUNCTION holds_item_is_in_one_place();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("holds", "0005_rewritten_tables"),
        ("circulation", "0008_rewritten_table"),
        ("transfers", "0002_moved"),
    ]
    operations = [migrations.RunSQL(MEND, migrations.RunSQL.noop), migrations.RunSQL(GUARD, FREE)]
