"""Contact forms (「問い合わせの窓口」): who asks, for what, and which departments read. FORM-9, SEC-12."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from desktop.replica.records import Shown
from desktop.replica.replica import Replica
from protocol.changes import ContactFormRemove, ContactFormSave
from protocol.ids import new_id
from protocol.problems import Problem
from protocol.staff import Department
from protocol.submissions import ContactForm, find_contact_form_problems


class FormInvalid(ValueError):
    """The form cannot be saved as it is. `problems` say why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems


class ContactForms:
    def __init__(self, replica: Replica, clock: Callable[[], datetime]) -> None:
        self._replica = replica
        self._clock = clock

    def all(self) -> list[Shown[ContactForm]]:
        """By title; those of this person's departments, for administrators all."""
        forms = self._replica.records.all("contact_form", ContactForm)
        shown = (self.get(form.id) for form in forms)
        return sorted((form for form in shown if form is not None), key=lambda form: form.body.title)

    def get(self, form: str) -> Shown[ContactForm] | None:
        return self._replica.records.one("contact_form", form, ContactForm)

    def departments(self) -> list[Department]:
        """Those that can read, in the town's order."""
        departments = self._replica.records.all("department", Department)
        return [department for department in departments if not department.removed]

    def new(self) -> ContactForm:
        """An empty form, not kept anywhere yet."""
        return ContactForm(id=new_id(self._clock()), title="")

    def save(self, form: ContactForm) -> str:
        """Leave the change in the outbox; returns its id. Raises FormInvalid."""
        problems = find_contact_form_problems(form)
        if problems:
            raise FormInvalid(problems)
        known = self.get(form.id)
        return self._replica.outbox.put(
            "contact_form.save", ContactFormSave(form=form), based_on=known.version if known else 0
        )

    def remove(self, form: str) -> str:
        """Close it for good. What arrived through it stays."""
        known = self.get(form)
        return self._replica.outbox.put(
            "contact_form.remove", ContactFormRemove(form=form), based_on=known.version if known else 0
        )
