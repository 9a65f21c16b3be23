// The live page: asks for itself again by its ETag and puts in the parts that have changed, without moving the focus, the
// scroll positions, open folds, or how tables are sorted.
(() => {
  "use strict";
  const every = 1000 * Number(document.body.dataset.every || 0);
  const live = document.getElementById("live");
  const was = new Map(); // what the server wrote of each part
  let tag = "", seen = new Date(), failures = 0;

  const stacked = table => { // on a phone a row is a block, and each cell says what it is
    const heads = [...table.tHead?.rows[0]?.cells ?? []].map(h => h.textContent.trim());
    for (const row of table.tBodies[0]?.rows ?? []) for (const cell of row.cells) cell.dataset.head = heads[cell.cellIndex] ?? "";
    table.classList.add("stackable");
  };
  const boxes = within => { // what scrolls sideways is reached by key
    for (const box of within.querySelectorAll(".box")) {
      const table = box.querySelector("table");
      if (table) stacked(table);
      box.toggleAttribute("tabindex", box.scrollWidth > box.clientWidth);
      if (box.hasAttribute("tabindex")) {
        box.tabIndex = 0;
        box.setAttribute("role", "region");
        box.setAttribute("aria-label", (box.querySelector("caption")?.textContent || "Table") + ", scrolls sideways");
      } else {
        box.removeAttribute("role");
        box.removeAttribute("aria-label");
      }
    }
  };
  const ends = within => { for (const log of within.querySelectorAll("pre.log")) log.scrollTop = log.scrollHeight; };
  const say = text => { if (live.textContent !== text) live.textContent = text; };
  const reachable = "a[href], button, input, select, summary, [tabindex]";

  // What a reader did to a part, and how it is done again to the part that takes its place.
  const stateOf = part => ({
    tables: [...part.querySelectorAll("table.data")].map(t => {
      const head = t.querySelector("thead [aria-sort]"), filter = t.closest(".box")?.previousElementSibling?.querySelector?.(".filter input, input[type=search]");
      return { column: head?.cellIndex, order: head?.getAttribute("aria-sort"), words: filter?.value };
    }),
    open: [...part.querySelectorAll("details")].map(d => d.open),
    left: [...part.querySelectorAll(".box")].map(b => b.scrollLeft),
    logs: [...part.querySelectorAll("pre.log")].map(l => [l.scrollTop, l.scrollTop + l.clientHeight >= l.scrollHeight - 4]),
    focus: part.contains(document.activeElement) ? focusOf(part) : null,
  });
  const focusOf = part => {
    const e = document.activeElement;
    return { index: [...part.querySelectorAll(reachable)].indexOf(e), href: e.getAttribute("href"), at: e.selectionStart };
  };
  const restore = (part, s) => {
    globalThis.assayTables?.(part);
    [...part.querySelectorAll("table.data")].forEach((t, i) => {
      const had = s.tables[i];
      if (!had) return;
      const head = t.tHead.rows[0].cells[had.column ?? -1], filter = t.closest(".box")?.previousElementSibling?.querySelector?.("input[type=search]");
      if (had.words && filter) filter.value = had.words;
      if (head && had.order) head.setAttribute("aria-sort", had.order);
      if (head || had.words) globalThis.assaySorted?.(t);
    });
    [...part.querySelectorAll("details")].forEach((d, i) => { if (s.open[i] !== undefined) d.open = s.open[i]; });
    boxes(part);
    [...part.querySelectorAll(".box")].forEach((b, i) => { b.scrollLeft = s.left[i] ?? 0; });
    [...part.querySelectorAll("pre.log")].forEach((l, i) => { l.scrollTop = s.logs[i] && !s.logs[i][1] ? s.logs[i][0] : l.scrollHeight; });
    if (!s.focus) return;
    const all = [...part.querySelectorAll(reachable)];
    const to = (s.focus.href && all.find(e => e.getAttribute("href") === s.focus.href)) || all[s.focus.index];
    to?.focus({ preventScroll: true });
    if (s.focus.at !== undefined && s.focus.at !== null && to?.setSelectionRange) to.setSelectionRange(s.focus.at, s.focus.at);
  };

  const take = html => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const main = document.getElementById("main");
    const ids = new Set();
    for (const part of fresh.querySelectorAll("#main [data-part]")) {
      ids.add(part.id);
      const old = document.getElementById(part.id);
      if (was.get(part.id) === part.outerHTML) continue;
      was.set(part.id, part.outerHTML);
      const node = document.importNode(part, true);
      if (!old) {
        live.after(node);
        globalThis.assayTables?.(node);
        boxes(node);
        continue;
      }
      const state = stateOf(old);
      old.replaceWith(node);
      restore(node, state);
    }
    for (const part of main.querySelectorAll("[data-part]")) {
      if (!ids.has(part.id) && !part.contains(document.activeElement)) {
        part.remove();
        was.delete(part.id);
      }
    }
  };

  const ask = async () => {
    const answer = await fetch(location.href, { cache: "no-store", headers: tag ? { "If-None-Match": tag } : {}, signal: AbortSignal.timeout(20000) });
    if (answer.status === 401) {
      say("This page has been closed, or was started anew: open the address that assay web prints.");
      return false;
    }
    if (answer.status !== 304 && !answer.ok) throw new Error(answer.statusText);
    if (answer.status === 200) {
      take(await answer.text());
      tag = answer.headers.get("ETag") || "";
    }
    seen = new Date();
    say("");
    return true;
  };
  const again = async () => {
    let on = true;
    if (!document.hidden && !document.getSelection()?.toString()) {
      try {
        on = await ask();
        failures = 0;
      } catch {
        if (++failures > 1) say(`No answer since ${seen.toLocaleTimeString()}: what is shown is of then.`);
      }
    }
    if (on) setTimeout(again, every * Math.min(8, 1 + failures));
  };

  for (const part of document.querySelectorAll("#main [data-part]")) was.set(part.id, part.outerHTML);
  document.addEventListener("DOMContentLoaded", () => { boxes(document); ends(document); });
  addEventListener("resize", () => boxes(document));
  if (every) setTimeout(again, every);
})();
