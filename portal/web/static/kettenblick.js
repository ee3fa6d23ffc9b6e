/* Kettenblick's own script: autosave, and small things that help. Pages work without it but for these.

   Autosave
   --------
   An answer is an element with data-autosave, holding one question's controls:

     <div data-autosave="/vendor/…/answers/BK-04" data-version="3">
       … inputs, selects, textareas with a name …
       <p class="save-mark" data-save-mark role="status"></p>
     </div>

   Controls without a name or with data-not-saved are left alone. After 1.2 s without a change (0.2 s for a choice) the
   element is POSTed as JSON, one request per answer at a time:

     request   {"fields": {name: text | [text, …] for checkboxes and multiple selects}, "version": 3}
               headers X-CSRFToken (from <meta name="csrf-token">), Accept: application/json
     200       {"version": 4, "saved_at": "14:03"}      the words "saved 14:03" stand there only after this
     409       {"theirs": text, "version": 5}           both texts are shown; the person chooses
     422       {"message": "…"}                         said beside the answer; nothing is sent until it changes again
     401, 400  {"message": "…"}                         signed out or page too old: said; once somebody has signed in
                                                        again (in another tab) it is sent with a fresh token
     anything else, or no answer at all: tried again after 1, 2, 4 … 30 s until it is acknowledged

   While anything is not acknowledged, leaving the page asks first. The words come from <template id="save-words"> (see
   parts/marks.html, save_words), so that they are in the reader's language.

   An acknowledged answer fires "kettenblick:saved" on the element, with the answer of the server as detail. What depends
   on it elsewhere on the page (data-live-text, the side list) is asked for at the address in data-live-from. */

(() => {
  "use strict";

  const TYPING = 1200, CHOOSING = 200, FIRST_WAIT = 1000, LONGEST_WAIT = 30000;
  document.documentElement.classList.add("has-script");

  const words = Object.assign({}, document.getElementById("save-words")?.dataset);
  const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  const savers = new Set();

  class Saver {
    constructor(element) {
      this.element = element;
      this.mark = element.querySelector("[data-save-mark]");
      this.version = Number(element.dataset.version || 0);
      this.edits = 0; // counts changes, so that a change during a request is not taken for saved
      this.acknowledged = 0;
      this.busy = false;
      this.held = false; // a clash or refusal waits for the person
      this.isOutside = false; // the page is older than the sign-in
      this.renewed = -1; // the change for which a fresh token was fetched: once is enough
      this.wait = FIRST_WAIT;
      this.timer = 0;
      element.addEventListener("input", (event) => this.changed(event));
      element.addEventListener("change", (event) => this.changed(event));
      element.querySelector("[data-confirm]")?.addEventListener("click", () => this.confirm());
    }

    get isDirty() { return this.edits !== this.acknowledged; }

    changed(event) {
      if (!event.target.name || event.target.hasAttribute("data-not-saved")) return;
      if (this.choice) return;
      this.edits += 1;
      this.held = false;
      this.wait = FIRST_WAIT;
      this.say("dirty", words.dirty);
      const isTyped = event.type === "input" && event.target.matches("textarea, input:not([type=radio], [type=checkbox])");
      this.later(isTyped ? TYPING : CHOOSING);
    }

    /* An answer from elsewhere stands in the fields: saving it as it is confirms it. */
    confirm() {
      this.edits += 1;
      this.held = false;
      this.later(0);
    }

    later(milliseconds) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.send(), milliseconds);
    }

    fields() {
      const found = {};
      for (const control of this.element.querySelectorAll("input[name], select[name], textarea[name]")) {
        if (control.hasAttribute("data-not-saved") || control.disabled || control.type === "file") continue;
        if (control.type === "radio") {
          if (control.checked) found[control.name] = control.value;
          else found[control.name] ??= "";
        } else if (control.type === "checkbox") {
          found[control.name] ??= [];
          if (control.checked) found[control.name].push(control.value);
        } else if (control.multiple) {
          found[control.name] = [...control.selectedOptions].map((option) => option.value);
        } else found[control.name] = control.value;
      }
      return found;
    }

    async send() {
      if (this.busy || this.held || !this.isDirty) return;
      this.busy = true;
      const edit = this.edits;
      this.say("saving", words.saving);
      let response = null, body = {};
      try {
        response = await fetch(this.element.dataset.autosave, {
          method: "POST",
          credentials: "same-origin",
          headers: {"Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": token()},
          body: JSON.stringify({fields: this.fields(), version: this.version}),
          redirect: "error",
          signal: AbortSignal.timeout(20000),
        });
        body = await response.json();
      } catch { if (response?.ok) response = null; }
      this.busy = false;
      this.answered(edit, response?.status ?? 0, body);
    }

    answered(edit, status, body) {
      if (status === 200) {
        this.version = body.version;
        this.element.dataset.version = body.version;
        this.acknowledged = edit;
        this.wait = FIRST_WAIT;
        this.isOutside = false;
        this.element.querySelector("[data-suggestion]")?.remove();
        if (this.isDirty) return this.later(CHOOSING);
        this.say("saved", (words.saved ?? "{time}").replace("{time}", body.saved_at));
        this.element.dispatchEvent(new CustomEvent("kettenblick:saved", {bubbles: true, detail: body}));
      } else if (status === 409 && "theirs" in body && body.version !== undefined) {
        this.held = true;
        this.choose(body);
      } else if ([400, 401, 403, 404, 409, 413, 422].includes(status)) {
        this.held = true;
        this.isOutside = status === 401 || status === 400;
        this.say("refused", body.message ?? words.refused);
        if (status === 400 && this.renewed !== edit) {
          this.renewed = edit;
          comeIn();
        }
      } else {
        this.say("waiting", words.waiting);
        this.later(this.wait);
        this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
      }
    }

    /* Somebody else saved first: both texts side by side, one button each. Text nodes only. */
    choose({theirs, version}) {
      this.say("refused", words.clash);
      const ours = Object.values(this.fields()).flat().filter(Boolean).join(", ");
      const box = make("div", "save-choice"), sides = make("div", "save-choice-sides");
      const side = (title, text, label, pick) => {
        const part = make("div"), button = make("button", "kern-btn kern-btn--secondary");
        button.type = "button";
        button.append(make("span", "kern-label", label));
        button.addEventListener("click", pick);
        part.append(make("h4", "", title), make("p", "", text || "–"), button);
        return part;
      };
      sides.append(
        side(words.mine, ours, words.keepMine, () => {
          box.remove();
          this.choice = null;
          this.held = false;
          this.version = version;
          this.later(0);
        }),
        side(words.theirs, typeof theirs === "string" ? theirs : JSON.stringify(theirs), words.takeTheirs, () => {
          this.acknowledged = this.edits;
          location.reload();
        }),
      );
      box.append(sides);
      this.choice = box;
      this.element.append(box);
      box.querySelector("button").focus();
    }

    say(state, text) {
      if (!this.mark) return;
      this.mark.dataset.state = state;
      this.mark.textContent = text ?? "";
    }
  }

  function make(name, className = "", text = "") {
    const element = document.createElement(name);
    if (className) element.className = className;
    element.textContent = text;
    return element;
  }

  /* Signed out in the middle of an answer: this page, asked for anew, brings the token of the new sign-in as soon as there
     is one, and what waits is sent. Until then nothing comes but the way to the sign-in, which is not followed. */
  let comingIn = false;
  async function comeIn() {
    const waiting = unsaved().filter((saver) => saver.isOutside && !saver.choice);
    if (comingIn || !waiting.length) return;
    comingIn = true;
    try {
      const response = await fetch(location.href, {credentials: "same-origin", redirect: "error", signal: AbortSignal.timeout(10000)});
      const fresh = response.ok && /<meta name="csrf-token" content="([^"]+)"/.exec(await response.text())?.[1];
      if (fresh) {
        document.querySelector('meta[name="csrf-token"]').content = fresh;
        for (const field of document.querySelectorAll('input[name="csrf_token"]')) field.value = fresh;
        for (const saver of waiting) {
          saver.held = false;
          saver.later(0);
        }
      }
    } catch { /* still signed out: the next look at this page tries again */ }
    comingIn = false;
  }

  function findSavers(root) {
    for (const element of root.querySelectorAll("[data-autosave]")) {
      if (element.dataset.autosaving) continue;
      element.dataset.autosaving = "1";
      savers.add(new Saver(element));
    }
  }

  /* What an answer changes elsewhere on the page: a moment after it is saved, the address in data-live-from is asked
     how things stand. {facts, total, sections: [{id, title, address, count, minutes, is_done}]} fill data-live-text and
     the side list; a section that is not asked any more goes, one that is asked now comes. No answer: all stays. */
  let liveTimer = 0;
  async function refreshLive() {
    const list = document.querySelector("[data-live-from]");
    if (!list) return;
    try {
      const response = await fetch(list.dataset.liveFrom, {
        credentials: "same-origin", headers: {"Accept": "application/json"}, redirect: "error", signal: AbortSignal.timeout(10000),
      });
      if (response.ok) showLive(list, await response.json());
    } catch { /* the next answer asks again */ }
  }

  function showLive(list, told) {
    for (const element of document.querySelectorAll("[data-live-text]")) {
      const text = told[element.dataset.liveText];
      if (text !== undefined && text !== element.textContent) element.textContent = text;
    }
    const known = new Map([...list.querySelectorAll("[data-section]")].map((item) => [item.dataset.section, item]));
    let at = list.querySelector("li"); // where the next section belongs; what stands there already keeps its focus
    for (const one of told.sections) {
      const item = known.get(one.id) ?? make("li");
      known.delete(one.id);
      item.dataset.section = one.id;
      const link = item.querySelector("a") ?? item.appendChild(make("a"));
      link.setAttribute("href", one.address);
      const title = make("span", "", one.title), count = make("span", "count", one.is_done ? "" : one.count);
      if (one.minutes) title.append(" ", make("span", "muted", one.minutes));
      if (one.is_done) {
        count.append(make("span", "", "✓"), make("span", "kern-sr-only", list.dataset.done));
        count.firstChild.ariaHidden = "true";
      }
      link.replaceChildren(title, " ", count);
      if (item === at) at = at.nextElementSibling;
      else at.before(item);
    }
    for (const [id, gone] of known) if (!gone.querySelector("[aria-current]")) gone.remove();
  }

  document.addEventListener("kettenblick:saved", () => {
    clearTimeout(liveTimer);
    liveTimer = setTimeout(refreshLive, 400);
  });

  const unsaved = () => [...savers].filter((saver) => saver.isDirty && saver.element.isConnected);

  window.addEventListener("beforeunload", (event) => {
    if (unsaved().length) event.preventDefault();
  });
  window.addEventListener("focus", comeIn);
  window.addEventListener("online", () => unsaved().forEach((saver) => saver.later(0)));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") unsaved().forEach((saver) => saver.later(0));
    else comeIn();
  });

  /* A menu closes on Escape and when the focus goes elsewhere. */
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = event.target.closest?.("details.person[open]") ?? document.querySelector("details.person[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll("details.person[open]")) if (!open.contains(event.target)) open.open = false;
  });

  /* Reviewing by keyboard: J next, K previous; A accept, R return, F finding choose and go to the remark. */
  const verdicts = {a: "accepted", r: "returned", f: "finding"};
  document.addEventListener("keydown", (event) => {
    const review = document.querySelector("[data-review]");
    if (!review || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.matches("textarea, select, input:not([type=radio], [type=checkbox])")) return;
    const key = event.key.toLowerCase();
    if (key === "j") review.querySelector("a[rel=next]")?.click();
    else if (key === "k") review.querySelector("a[rel=prev]")?.click();
    else if (key in verdicts) {
      const choice = review.querySelector(`input[type=radio][value=${verdicts[key]}]`);
      if (!choice) return;
      choice.checked = true;
      choice.focus();
    } else return;
    event.preventDefault();
  });

  /* Where the rows of pages do not fit, the page that is open stands in sight. */
  document.querySelectorAll(".tabs ul, .rail").forEach((row) => {
    const here = row.querySelector("[aria-current]");
    if (here && row.scrollWidth > row.clientWidth) row.scrollLeft += here.getBoundingClientRect().left - row.getBoundingClientRect().left - 48;
  });

  /* What is wrong with a form is read first. */
  document.querySelector("[data-problems]")?.focus();

  /* Going back, a browser fills in what was typed then, but not which version was read then. It is kept with the page's
     entry in the history, so that whoever saved in between is not overwritten but shown. */
  const versionsIn = (form) => [...form?.querySelectorAll?.('input[type=hidden][name$="version"]') ?? []];
  const versionKey = (field) => `${field.form.getAttribute("action")} ${field.name}`;
  const isFilledIn = (control) => control.options
    ? [...control.options].some((option) => option.selected !== option.defaultSelected) && control.selectedIndex > 0
    : control.matches("[type=radio], [type=checkbox]") ? control.checked !== control.defaultChecked
      : control.matches("textarea, input:not([type=hidden])") && control.value !== control.defaultValue;
  document.addEventListener("input", (event) => {
    const known = history.state?.read ?? {};
    const fresh = versionsIn(event.target.form).filter((field) => known[versionKey(field)] !== field.value); // browsers count these
    if (!fresh.length) return;
    const read = Object.fromEntries(fresh.map((field) => [versionKey(field), field.value]));
    history.replaceState({...history.state, read: {...known, ...read}}, "");
  });
  window.addEventListener("pageshow", () => {
    for (const form of history.state?.read ? document.forms : []) {
      if (![...form.elements].some(isFilledIn)) continue;
      for (const field of versionsIn(form)) field.value = history.state.read[versionKey(field)] ?? field.value;
    }
  });

  /* A form is sent once. */
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (event.target.dataset.sent) return event.preventDefault();
    event.target.dataset.sent = "1";
    setTimeout(() => delete event.target.dataset.sent, 5000); // a download leaves the page where it is
    savers.forEach((saver) => { if (event.target.contains(saver.element)) saver.acknowledged = saver.edits; });
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

  findSavers(document);
  document.addEventListener("htmx:after:swap", () => findSavers(document));
})();
