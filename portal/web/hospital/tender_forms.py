"""The forms of a tender: what it is, who bids, what is published, and its ends."""

from collections.abc import Mapping

from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    EmailField,
    Field,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, ValidationError

from portal.db.models.tenders import EndGround, ExclusionGround
from portal.home import BERLIN
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.tenders import lapsing, tenders
from portal.web import forms

EXCLUSIONS: Mapping[ExclusionGround, object] = {
    ExclusionGround.FORM: _l("Formal fault: not submitted in form or time as asked for"),
    ExclusionGround.DOCUMENTS: _l("Documents that were asked for are missing"),
    ExclusionGround.REQUIREMENT: _l("A requirement is not met (knock-out)"),
    ExclusionGround.UNSUITABLE: _l("The bidder is not suitable"),
    ExclusionGround.WITHDRAWN: _l("The bidder has taken its offer back outside of the portal"),
    ExclusionGround.OTHER: _l("Another reason"),
}
ENDS: Mapping[EndGround, object] = {  # § 63(1) VgV, § 48(1) UVgO
    EndGround.NO_OFFER: _l("No offer meets the conditions"),
    EndGround.CHANGED: _l("What the tender rests on has changed substantially"),
    EndGround.UNECONOMICAL: _l("No economical result was reached"),
    EndGround.OTHER: _l("Other serious reasons"),
}


def is_one_moment(_form: forms.Form, field: Field) -> None:
    """A time that the clocks skip in spring, or show twice in autumn, is no deadline that everybody reads alike."""
    if field.data is not None:
        first, second = (field.data.replace(tzinfo=BERLIN, fold=fold).utcoffset() for fold in (0, 1))
        if first != second:
            raise ValidationError(_("The clocks change in this hour. Choose another time."))


class TenderForm(forms.Form):
    """What a tender is about, what it asks and when it closes."""

    title = StringField(
        _l("Name of the tender"),
        [InputRequired(_l("Give the tender a name.")), Length(max=200)],
        filters=[forms.stripped],
    )
    reference = StringField(_l("Number of the tender file"), [Length(max=80)], filters=[forms.stripped])
    description = TextAreaField(_l("Description"), [Length(max=tenders.LONGEST_TEXT)], filters=[forms.stripped])
    catalogue = SelectField(_l("Question catalogue"), [InputRequired()])
    question_set = RadioField(_l("Question set"), [InputRequired(_l("Choose a question set."))])
    must_haves = StringField(
        _l("Must-haves"),
        [Length(max=1000)],
        filters=[forms.stripped],
        description=_l("Numbers of questions that exclude in this tender, beside the catalogue's own: GV-01, BK-04"),
    )
    closes_at = DateTimeLocalField(
        _l("Deadline"),
        [InputRequired(_l("Choose a day and a time.")), is_one_moment],
        format="%Y-%m-%dT%H:%M",
        description=_l("German time, by the clock of this server; it counts to the second."),
    )
    needs_two = BooleanField(_l("Two people open the answers"))
    version = HiddenField()


class LotForm(forms.Form):
    """One lot more."""

    lot_title = StringField(
        _l("Lot"), [InputRequired(_l("Give the lot a name.")), Length(max=200)], filters=[forms.stripped]
    )


class BidderForm(forms.Form):
    """Whom to invite for which lot."""

    lot_id = SelectField(_l("Lot"), [InputRequired(_l("Choose one."))])
    name = StringField(
        _l("Bidder"), [InputRequired(_l("Enter the name of the bidder.")), Length(max=200)], filters=[forms.stripped]
    )
    domain = StringField(_l("Main domain"), [Length(max=253)], filters=[forms.stripped], description="example.de")
    contact_name = StringField(_l("Contact person"), [Length(max=200)], filters=[forms.stripped])
    contact_email = EmailField(
        _l("E-mail address"), [InputRequired(_l("Enter an e-mail address.")), Length(max=254)], filters=[forms.stripped]
    )
    language = SelectField(_l("Language of the mail"), [InputRequired()])


class AnswerForm(forms.Form):
    """What is published to all bidders alike."""

    query_id = HiddenField()
    question = TextAreaField(
        _l("Question, as all bidders read it"),
        [InputRequired(_l("Write the question so that it names nobody.")), Length(max=tenders.LONGEST_TEXT)],
        filters=[forms.stripped],
    )
    answer = TextAreaField(
        _l("Answer"),
        [InputRequired(_l("Write the answer.")), Length(max=tenders.LONGEST_TEXT)],
        filters=[forms.stripped],
    )


class AwardForm(forms.Form):
    """Who gets the lot, and why."""

    bidder_id = HiddenField()
    reason = TextAreaField(
        _l("Reason for the award"),
        [InputRequired(_l("Give the reason for the award.")), Length(max=4000)],
        filters=[forms.stripped],
    )


class DeadlineForm(forms.Form):
    """More time for all."""

    closes_at = DateTimeLocalField(
        _l("New deadline"),
        [InputRequired(_l("Choose a day and a time.")), is_one_moment],
        format="%Y-%m-%dT%H:%M",
        description=_l("German time, by the clock of this server; it counts to the second."),
    )
    reason = TextAreaField(
        _l("Reason"),
        [InputRequired(_l("Give the reason for more time; all bidders read it.")), Length(max=500)],
        filters=[forms.stripped],
    )


class CancelForm(forms.Form):
    """Why it ends: for the tender file, and as bidders read it."""

    reason = TextAreaField(
        _l("Reason for the tender file"),
        [InputRequired(_l("Give the reason for the end of the tender.")), Length(max=tenders.LONGEST_TEXT)],
        filters=[forms.stripped],
        description=_l("Stands in the log; no bidder reads it."),
    )
    told = TextAreaField(
        _l("Reason as bidders read it"),
        [Length(max=tenders.LONGEST_TEXT)],
        filters=[forms.stripped],
        description=_l(
            "Write it so that it names no bidder. Left empty, the mail says that you tell your reasons yourself "
            "(§ 63(2) VgV)."
        ),
    )
    preview = HiddenField()  # the button that only shows what bidders would read


class PutOffForm(forms.Form):
    """Until when a tender waits for its end, and why."""

    until = DateField(_l("Ends by itself on"), [InputRequired(_l("Choose a day."))])
    reason = TextAreaField(
        _l("Reason"),
        [InputRequired(_l("Say why the tender has to wait.")), Length(max=lapsing.LONGEST_REASON)],
        filters=[forms.stripped],
    )
    stands = HiddenField()


class ExcludeForm(forms.Form):
    """Whose offer is excluded, on which ground, and why."""

    bidder_id = HiddenField()
    ground = RadioField(
        _l("Ground of the exclusion"),
        [InputRequired(_l("Choose a ground."))],
        choices=forms.choices([(ground.value, text) for ground, text in EXCLUSIONS.items()]),
    )
    reason = TextAreaField(
        _l("Explanation"),
        [InputRequired(_l("Say why this offer is excluded.")), Length(max=tenders.LONGEST_TEXT)],
        filters=[forms.stripped],
    )


class TakeInForm(forms.Form):
    """Whose exclusion is taken back, and why."""

    bidder_id = HiddenField()
    reason = TextAreaField(
        _l("Explanation"),
        [InputRequired(_l("Say why the exclusion is taken back.")), Length(max=tenders.LONGEST_TEXT)],
        filters=[forms.stripped],
    )


class EndLotForm(forms.Form):
    """Why a lot ends without an award."""

    ground = RadioField(
        _l("Ground of the end"),
        [InputRequired(_l("Choose a ground."))],
        choices=forms.choices([(ground.value, text) for ground, text in ENDS.items()]),
    )
    reason = TextAreaField(
        _l("Explanation"),
        [InputRequired(_l("Give the reason for the end of the lot.")), Length(max=tenders.LONGEST_TEXT)],
        filters=[forms.stripped],
    )
