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
      for (const kept of all("[name=destination], [name=region]", tools)) query.set(kept.name, kept.value);
      history.replaceState(null, "", "?" + query);
    };
    const filter = () => {
      const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const section of all("section")) {
        let any = false;
        for (const role of all("li", section)) {
          const text = section.dataset.find + " " + role.querySelector("strong").textContent.toLowerCase();
          role.hidden = !words.every((word) => text.includes(word));
          if (!role.hidden) { any = true; shown += 1; }
        }
        section.hidden = !any;
        // What was folded is folded again without a filter.
        const fold = section.querySelector("details");
        fold.dataset.open ??= fold.open ? "yes" : "no";
        fold.open = words.length > 0 || fold.dataset.open === "yes";
      }
      for (const mine of all("#mine")) mine.hidden = words.length > 0;
      const total = Number(count.dataset.total);
      count.textContent = (words.length ? shown + " of " : "") + total + (total === 1 ? " role" : " roles");
      nothing.hidden = shown > 0;
    };
    const choose = () => {
      for (const input of all("section input[name=format]")) input.value = format.value;
    };

    // Which role a button is about, for screen readers.
    const nameOf = (item) => item.querySelector("strong").textContent;
    for (const section of all("section")) {
      const account = section.querySelector("h2").textContent;
      for (const button of all("li button", section)) {
        button.setAttribute("aria-label", button.textContent + " of " + nameOf(button.closest("li")) + " in " + account);
      }
    }

    // Favourites, and the roles that were used last, before the others. They stay in this browser.
    const key = "portcullis " + location.pathname;
    let known = { favourites: [], recent: [] };
    try { known = { ...known, ...JSON.parse(localStorage.getItem(key)) }; } catch { /* There are none. */ }
    const save = () => { try { localStorage.setItem(key, JSON.stringify(known)); } catch { /* They are forgotten. */ } };
    const fullName = (item) => item.closest("section").querySelector("[name=account]").value + "/" + nameOf(item);
    const items = new Map();
    for (const item of all("section li")) {
      if (!item.querySelector("button")) continue;
      const name = fullName(item);
      items.set(name, item);
      const star = document.createElement("button");
      star.type = "button";
      star.className = "star";
      const show = () => {
        const on = known.favourites.includes(name);
        star.textContent = on ? "\u2605" : "\u2606";
        star.setAttribute("aria-pressed", on);
      };
      star.setAttribute("aria-label", "Favourite " + name);
      star.addEventListener("click", () => {
        const others = known.favourites.filter((other) => other !== name);
        known.favourites = others.length < known.favourites.length ? others : [...others, name].slice(-20);
        save();
        show();
        showMine();
      });
      show();
      item.prepend(star);
    }
    for (const form of all("section form")) {
      form.addEventListener("submit", (event) => {
        const name = form.querySelector("[name=account]").value + "/" + event.submitter.value;
        known.recent = [name, ...known.recent.filter((other) => other !== name)].slice(0, 5);
        save();
      });
    }
    const showMine = () => {
      for (const old of all("#mine")) old.remove();
      const names = [...new Set([...known.favourites, ...known.recent])].filter((name) => items.has(name));
      if (!names.length) return;
      const mine = document.createElement("div");
      mine.className = "card";
      mine.id = "mine";
      const title = document.createElement("h2");
      title.textContent = "Favourites and recent";
      mine.append(title);
      for (const name of names) {
        const row = document.createElement("p");
        const text = document.createElement("strong");
        text.textContent = name;
        text.dir = "auto";
        row.append(text);
        for (const button of all("button[name=role]", items.get(name))) {
          const same = document.createElement("button");
          same.type = "button";
          same.textContent = button.textContent;
          same.setAttribute("aria-label", button.textContent + " of " + name);
          same.addEventListener("click", () => button.form.requestSubmit(button));
          row.append(" ", same);
        }
        mine.append(row);
      }
      one("#nothing").before(mine);
    };
    showMine();

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
    const said = one("#said");
    const copies = (button, text) => button.addEventListener("click", async () => {
      let copied = false;
      try {
        // There is none but by TLS or on this machine.
        await navigator.clipboard.writeText(text.value);
        copied = true;
      } catch {
        text.focus();
        text.select();
        try { copied = document.execCommand("copy"); } catch { copied = false; }
        if (copied) button.focus();
      }
      said.className = copied ? "done" : "bad";
      said.textContent = copied ? "Copied" : "Selected: copy it with your keyboard";
    });
    copies(copy, one("#keys"));
    copy.hidden = false;
    copy.focus();
    for (const button of all("[data-copy]")) {
      copies(button, document.getElementById(button.dataset.copy));
      button.hidden = false;
    }
  }

  for (const time of all("time")) {
    const local = new Date(time.dateTime);
    if (local.getTimezoneOffset() !== 0) {
      time.after(" (" + local.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) + " your time)");
    }
  }
})();
