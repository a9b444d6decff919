"""What may be done in this area, and by which roles from the start."""

from app.access.operations import COUNTER, LIBRARIAN, declare

VIEW = declare("reference.view", "調べもの相談を見る", kind="view")
ANSWER = declare("reference.answer", "調べもの相談に答える", (LIBRARIAN,))
EVENTS = declare("reference.events", "催しを決める", (LIBRARIAN,))
APPLICANTS = declare("reference.applicants", "催しの申込者を見る", (LIBRARIAN, COUNTER), kind="view")
# What patrons do themselves; named so that the log can say it.
ASK = "reference.ask"
APPLY = "reference.apply"
