"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const documents = JSON.parse(byId("data").textContent);
  const labels = JSON.parse(byId("labels").textContent);
  const PAGE = 300, PRINTED = 200;
  let shown = [], current = 0;

  const make = (tag, className, text) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const wanted = () => ({
    text: byId("q").value.trim().toLowerCase(), label: byId("label").value,
    low: Number(byId("low").value || 0), high: Number(byId("high").value || 1), review: byId("review").checked,
  });
  const fits = (s, w) => (w.label === "" || s[1] === Number(w.label)) && s[2] >= w.low && s[2] <= w.high &&
    (!w.review || s[3]) && (!w.text || s[0].toLowerCase().includes(w.text));
  const isOpen = (w) => w.text === "" && w.label === "" && w.low <= 0 && w.high >= 1 && !w.review;

  const named = (d, w) => w.text !== "" && [d.name, d.title, d.about].some((part) => part.toLowerCase().includes(w.text));

  const list = () => {
    const w = wanted();
    let sentences = 0;
    shown = [];
    documents.forEach((d, i) => {
      const inName = named(d, w);
      const n = d.sentences.filter((s) => fits(s, inName ? {...w, text: ""} : w)).length;
      if (n || isOpen(w)) { shown.push([i, n]); sentences += n; }
    });
    const items = shown.slice(0, PAGE).map(([i, n]) => {
      const item = make("li"), button = make("button");
      button.type = "button";
      const d = documents[i], size = `${n} of ${d.sentences.length} sentences`;
      button.append(make("span", "", d.title || d.name), make("br"), make("small", "", d.title ? `${d.name} · ${size}` : size));
      button.addEventListener("click", () => open(i));
      button.dataset.index = i;
      item.append(button);
      return item;
    });
    if (shown.length > PAGE) items.push(make("li", "small", `and ${shown.length - PAGE} more: narrow the search`));
    byId("documents").replaceChildren(...items);
    byId("found").textContent = `${shown.length} documents, ${sentences} sentences`;
    if (shown.length) open(shown.some(([i]) => i === current) ? current : shown[0][0], false);
    else byId("document").replaceChildren(make("p", "small", "Nothing fits."));
  };

  const sentence = (s, w) => {
    const node = make("span", `s l${s[1] % 10}${s[3] ? " review" : ""}${fits(s, w) ? "" : " pale"}`);
    node.tabIndex = 0;
    node.title = `${labels[s[1]]}, confidence ${s[2].toFixed(2)}${s[3] ? ", for review" : ""}`;
    const points = Array.from(s[0]);
    let at = 0;
    for (const [start, end] of s[6]) {
      if (start < at) continue;
      node.append(points.slice(at, start).join(""), make("mark", "", points.slice(start, end).join("")));
      at = end;
    }
    node.append(points.slice(at).join(""), make("span", "tag", `${labels[s[1]]} ${s[2].toFixed(2)}`));
    return node;
  };

  const open = (index, focus = true) => {
    current = index;
    byId("document").replaceChildren(...body(index));
    for (const b of document.querySelectorAll("nav button")) b.setAttribute("aria-current", String(Number(b.dataset.index) === index));
    if (focus) byId("document").focus({preventScroll: true});
  };

  const body = (index) => {
    const d = documents[index], w = wanted(), parts = [make("h3", "", d.title || d.name)];
    const about = [d.about, d.title ? d.name : ""].filter((part) => part).join(" · ");
    if (about) parts.push(make("p", "about", about));
    const filter = named(d, w) ? {...w, text: ""} : w;
    let paragraph = null, page = "", box = null;
    for (const s of d.sentences) {
      if (s[5] !== page) { page = s[5]; parts.push(make("div", "page", `page ${page}`)); paragraph = null; }
      if (s[4] !== paragraph) { paragraph = s[4]; box = make("p"); parts.push(box); }
      box.append(sentence(s, filter), " ");
    }
    return parts;
  };

  const step = (by) => {
    const at = shown.findIndex(([i]) => i === current);
    const next = shown[Math.min(Math.max(at + by, 0), shown.length - 1)];
    if (next) open(next[0]);
  };
  const nextReview = () => {
    const marked = [...document.querySelectorAll(".s.review")];
    const at = marked.indexOf(document.activeElement);
    const next = marked[(at + 1) % Math.max(marked.length, 1)];
    if (next) { next.focus(); next.scrollIntoView({block: "center"}); }
  };

  labels.forEach((name, i) => { const o = make("option", "", name); o.value = i; byId("label").append(o); });
  for (const id of ["q", "label", "low", "high", "review"]) byId(id).addEventListener("input", list);
  document.addEventListener("keydown", (e) => {
    if (e.target.matches("input, select") || e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === "j") step(1); else if (e.key === "k") step(-1); else if (e.key === "n") nextReview();
    else if (e.key === "/") { e.preventDefault(); byId("q").focus(); }
  });
  window.addEventListener("beforeprint", () => {
    const parts = shown.slice(0, PRINTED).flatMap(([i]) => body(i));
    if (shown.length > PRINTED) parts.push(make("p", "small", `and ${shown.length - PRINTED} documents more: print them by narrowing the search`));
    byId("document").replaceChildren(...parts);
  });
  window.addEventListener("afterprint", () => open(current, false));
  list();
})();
