// Comfort only: without it the page does all the same. It filters while one types, copies, and tells local time.
"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);

  const tools = one("form.tools");
  if (tools) {
    const find = one("#q");
    const format = one("#format");
    const count = one("#count");
    const nothing = one("#nothing");

    // A reload and a bookmark find again what one sees now.
    const remember = () => {
      const query = new URLSearchParams();
      if (find && find.value.trim()) query.set("q", find.value.trim());
      query.set("format", format.value);
      history.replaceState(null, "", "?" + query);
    };
    const filter = () => {
      const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const section of all("section")) {
        let any = false;
        for (const role of all("li", section)) {
          role.hidden = !words.every((word) => role.dataset.find.includes(word));
          if (!role.hidden) { any = true; shown += 1; }
        }
        section.hidden = !any;
      }
      const total = Number(count.dataset.total);
      count.textContent = (words.length ? shown + " of " : "") + total + (total === 1 ? " role" : " roles");
      nothing.hidden = shown > 0;
    };
    const choose = () => {
      for (const input of all("section input[name=format]")) input.value = format.value;
    };

    // What the browser itself put back into the fields counts too.
    if (find) {
      filter();
      find.addEventListener("input", () => { filter(); remember(); });
    }
    choose();
    format.addEventListener("change", () => { choose(); remember(); });
    tools.addEventListener("submit", (event) => { event.preventDefault(); remember(); });
  }

  const copy = one("#copy");
  if (copy) {
    const text = one("#keys");
    const said = one("#said");
    copy.hidden = false;
    copy.focus();
    copy.addEventListener("click", async () => {
      let copied = false;
      try {
        // There is none but by TLS or on this machine.
        await navigator.clipboard.writeText(text.value);
        copied = true;
      } catch {
        text.focus();
        text.select();
        try { copied = document.execCommand("copy"); } catch { copied = false; }
        if (copied) copy.focus();
      }
      said.className = copied ? "done" : "bad";
      said.textContent = copied ? "Copied" : "Selected: copy it with your keyboard";
    });
  }

  for (const time of all("time")) {
    const local = new Date(time.dateTime);
    if (local.getTimezoneOffset() !== 0) {
      time.after(" (" + local.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) + " your time)");
    }
  }
})();
