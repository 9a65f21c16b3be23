// Pages: a switch for light and dark; tables that are sorted by their headings and filtered by words.
(() => {
  "use strict";
  const root = document.documentElement, themes = ["auto", "light", "dark"];
  let theme = "auto";
  try { theme = localStorage.getItem("assay-theme") || "auto"; } catch { /* a browser that keeps nothing */ }
  const paint = () => { theme === "light" || theme === "dark" ? root.dataset.theme = theme : delete root.dataset.theme; };
  paint(); // before anything is drawn

  const switcher = () => {
    for (const here of document.querySelectorAll(".theme-here")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "theme";
      const say = () => { button.textContent = "Colours: " + { auto: "as the system", light: "light", dark: "dark" }[theme]; };
      button.addEventListener("click", () => {
        theme = themes[(themes.indexOf(theme) + 1) % themes.length];
        try { localStorage.setItem("assay-theme", theme); } catch { /* for this visit then */ }
        paint();
        say();
      });
      say();
      here.append(button);
    }
  };

  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const number = /^[−-]?\d[\d,]*(\.\d+)?([eE][+-]?\d+)?/;
  const valueOf = row => column => {
    const cell = row.cells[column];
    if (!cell) return "";
    return (cell.dataset.sort ?? cell.textContent).trim();
  };
  const asNumber = text => {
    const m = number.exec(text);
    return m ? parseFloat(m[0].replace("−", "-").replaceAll(",", "")) : NaN;
  };
  const none = text => text === "" || text === "–";
  const compare = (a, b) => {
    const x = asNumber(a), y = asNumber(b);
    return !isNaN(x) && !isNaN(y) && x !== y ? x - y : order.compare(a, b);
  };
  const stripe = table => {
    let n = 0;
    for (const row of table.tBodies[0].rows) if (!row.hidden) row.classList.toggle("odd", n++ % 2 === 1);
  };
  const sorted = table => {
    const head = table.querySelector("thead [aria-sort=ascending], thead [aria-sort=descending]");
    if (head) {
      const down = head.getAttribute("aria-sort") === "descending", rows = [...table.tBodies[0].rows];
      rows.map((row, i) => ({ row, i, key: valueOf(row)(head.cellIndex) }))
        .sort((a, b) => none(a.key) - none(b.key) || (down ? -1 : 1) * compare(a.key, b.key) || a.i - b.i) // what is missing comes last
        .forEach(r => table.tBodies[0].append(r.row));
    }
    stripe(table);
  };
  const sortable = table => {
    for (const head of table.tHead.rows[0].cells) {
      if ("nosort" in head.dataset || head.textContent.trim() === "") continue;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const to = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", to);
        sorted(table);
      });
    }
  };
  const filterable = table => {
    const box = table.closest(".box") ?? table, label = document.createElement("label"), input = document.createElement("input"), left = document.createElement("output");
    const line = document.createElement("div");
    line.className = "filter";
    input.type = "search";
    input.placeholder = "words, as concurrency=8";
    label.append("Filter ", input);
    line.append(label, left);
    box.before(line);
    const filter = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of table.tBodies[0].rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every(w => text.includes(w));
        shown += !row.hidden;
      }
      left.textContent = words.length ? `${shown} of ${table.tBodies[0].rows.length} rows` : "";
      stripe(table);
    };
    input.addEventListener("input", filter);
    table.assayFilter = filter;
  };
  const many = 8; // rows from which on a filter helps
  const tables = within => {
    for (const table of within.querySelectorAll("table.data:not([data-ready])")) {
      if (!table.tHead || !table.tBodies[0]) continue;
      table.dataset.ready = "";
      if (table.tBodies[0].rows.length > 1) sortable(table);
      if (table.tBodies[0].rows.length >= many) filterable(table);
      stripe(table);
      const box = table.closest(".box");
      if (!box) continue;
      box.classList.toggle("long", table.tBodies[0].rows.length > 15);
      sizes?.observe(box);
    }
  };
  // A box whose table fits need not scroll, so that headings stay at the top of the page; one that scrolls is a window if it is long.
  const sizes = "ResizeObserver" in globalThis ? new ResizeObserver(all => {
    for (const { target: box } of all) {
      box.classList.remove("fits");
      box.classList.toggle("fits", box.scrollWidth <= box.clientWidth);
    }
  }) : null;
  globalThis.assayTables = tables;
  globalThis.assaySorted = table => { table.assayFilter?.(); sorted(table); };
  document.addEventListener("DOMContentLoaded", () => { switcher(); tables(document); });

  // Paper has no folds.
  addEventListener("beforeprint", () => document.querySelectorAll("details:not([open])").forEach(d => { d.open = true; d.dataset.folded = ""; }));
  addEventListener("afterprint", () => document.querySelectorAll("details[data-folded]").forEach(d => { d.open = false; delete d.dataset.folded; }));
})();
