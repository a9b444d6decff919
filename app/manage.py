"""`python -m app.manage <command>`: Django's commands and ours. DJANGO_SETTINGS_MODULE chooses the site."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run one management command."""
    os.environ["KURA_COMMAND"] = "yes"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "app.settings.library")
    execute_from_command_line([sys.argv[0] if not sys.argv[0].endswith("__main__.py") else "manage", *sys.argv[1:]])


if __name__ == "__main__":
    main()
