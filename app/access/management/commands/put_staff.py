"""`manage put_staff admin --name 管理太郎 --role admin --branch nagano --password-stdin < file`."""

import sys
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from app.access.actions import put_staff
from app.access.actor import system


class Command(BaseCommand):
    help = "Create or change a member of staff; the password is read from standard input, never from the command line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number")
        parser.add_argument("--name", required=True)
        parser.add_argument("--role", action="append", required=True, help="admin, librarian, counter; may be repeated")
        parser.add_argument("--branch")
        parser.add_argument("--password-stdin", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        password = sys.stdin.readline().rstrip("\n") if options["password_stdin"] else None
        try:
            put_staff(
                system("put_staff"),
                options["number"],
                name=options["name"],
                roles=tuple(options["role"]),
                branch=options["branch"],
                password=password,
            )
        except (ValidationError, ObjectDoesNotExist) as error:
            raise CommandError("; ".join(getattr(error, "messages", [str(error)]))) from error
        self.stdout.write(f"{options['number']}: in place")
