"""Name and function, typed by whoever signs for the company."""

from wtforms import StringField
from wtforms.validators import InputRequired, Length

from portal.i18n import lazy_gettext as _l
from portal.web import forms
from portal.web.journey import CompanyJourney


class SignatureForm(forms.Form):
    """Who signs, typed by hand."""

    name = StringField(
        _l("Your name"), [InputRequired(_l("Enter your name.")), Length(max=200)], filters=[forms.stripped]
    )
    function = StringField(
        _l("Your function in the company"),
        [InputRequired(_l("Enter what you do in the company.")), Length(max=200)],
        filters=[forms.stripped],
    )


def signer(here: CompanyJourney) -> dict[str, str]:
    """What is known of the person who reads this."""
    member = next((one for one in here.person.companies if one.company_id == here.company.id), None)
    return {"name": here.person.name, "function": member.function if member else ""}
