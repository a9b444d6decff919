"""`manage console_user NAME --password-file FILE [--role ROLE]`: who may sign in to the console."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from app.operations.access import Role
from app.operations.actions import set_user

SHORTEST = 12


class Command(BaseCommand):
    help = "Makes the console's user, or changes the password to the file's. Prints `changed` or `unchanged`."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--password-file", required=True, type=Path)
        parser.add_argument("--role", type=Role, choices=list(Role), default=Role.ADMINISTRATOR)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            password = options["password_file"].read_text(encoding="utf-8").strip()
        except OSError as error:
            raise CommandError(f"the password file cannot be read: {error}") from error
        if len(password) < SHORTEST:
            raise CommandError(f"the password must have at least {SHORTEST} characters")
        self.stdout.write("changed" if set_user(options["name"], password, options["role"]) else "unchanged")
