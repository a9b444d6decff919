"""What all our forms share: an empty field is named in the sentence that asks for it."""

from typing import Any

from django import forms


class OfficeForm(forms.Form):
    """A form whose `required` messages say which field and what to do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            verb = "選んで" if isinstance(field, forms.ChoiceField) else "入力して"
            field.error_messages["required"] = f"{field.label}を{verb}ください。"
