"""The web floor: one journey per request, rooms that know nothing of each other.

How to add a page
-----------------
1. A route in a room: `portal/web/<room>/<noun>.py`, listed in `portal/web/<room>/routes.py`. It says who may come
   in:

       @hospital.get("/vendors/<vendor_id>", roles=ANY_HOSPITAL_ROLE)
       def vendor(here: HospitalJourney, vendor_id: str) -> Response:
           found = vendors.get(here.session, here.actor, vendor_id)
           return pages.page("hospital/vendor.html", vendor=found)

   The function's name is the endpoint ("hospital.vendor") and is unique in its room. `rail=Rail.VENDORS` on a GET puts
   it on the hospital's rail. `here` holds session, actor, now, settings, keyring, address, person, sign_in, language,
   and hospital and role, or company and role. A GET reads (no write lock) unless it says `writes=True`. GET and POST
   are separate functions. `Room` (`who=Who.ANYONE` …) is for pages that need no hospital or company.
2. A change is a form: `class VendorForm(forms.Form)`, shown with `VendorForm.offered(...)`, read with
   `VendorForm.sent()`. GET and failed POST share one page function:

       @hospital.post("/vendors/new", roles=WRITERS)
       def add_vendor(here: HospitalJourney) -> Response:
           form = VendorForm.sent()
           if form.validate():
               with form.refusals(here.session):       # BadInput lands beside its fields
                   made = vendors.add(here.session, here.actor, name=str(form.name.data), now=here.now)
                   here.notice(_("%(name)s has been added.", name=made.name))
                   return pages.see_other("hospital.vendor", vendor_id=made.id)
           return _new_vendor_page(form)

   `pages.page(..., form=form)` answers 422 when the form has errors. Services never commit: the journey does, at the
   end, and rings the doorbell for work that was asked for. NotFound, NotAllowed, NotNow, Clash, TooMany become pages
   (refusals.py); let them pass. An upload says `body_limit=`.
3. A template extends `frames/hospital.html`, `frames/vendor.html` or `frames/plain.html` and fills the blocks title,
   facts (one line), action (one primary action), trail, content. Macros: parts/marks.html, parts/forms.html,
   parts/tables.html. Filters: date, time, datetime, number, percent, filesize, age, recent, law, iso, said (a Message).
   `has_page("hospital.search")` asks whether a page is built. No inline style or script, ever.
4. Live progress: `{% set live = true %}` above the blocks and `<div {{ poll(url) }}>` around what fetches its
   successor; the answer is `pages.part(template, ...)`, without poll() when it is finished. Autosave: see
   static/kettenblick.js and save_words() in parts/marks.html.
5. German: `portal/translations/de/<room>.po`. A literal % is %% only where a sentence has values.
"""
