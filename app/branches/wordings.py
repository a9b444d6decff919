"""The library's own sentences: from the table into the process.

They are read anew when their stamp has changed, whenever the process looks at the stamps (app.branches.revisions): a
page that needs no database stays so, and speaks in the words that the process knew last.
"""

from app.branches import revisions
from app.branches.models import Wording
from app.web import wording


def refresh() -> None:
    """Say from now on what the table says. One SQL statement."""
    wording.use(dict(Wording.objects.values_list("code", "text")))


revisions.follow("wordings", refresh)
