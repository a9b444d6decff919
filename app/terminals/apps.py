from django.apps import AppConfig


class TerminalsConfig(AppConfig):
    """Terminals, their printers and sounds; slips of paper; lists and guides of the staff's screens."""

    name = "app.terminals"
    label = "terminals"
    verbose_name = "端末"

    def ready(self) -> None:
        from app.access import timeouts
        from app.terminals.context import minutes, screen
        from app.web import context

        context.add(screen)
        timeouts.provide(minutes)
