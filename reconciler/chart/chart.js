// Charts: a box with the numbers of the point under the mouse or with the focus; arrow keys go from point to point.
(() => {
  "use strict";
  const box = document.createElement("div");
  box.className = "chart-tip";
  box.setAttribute("aria-hidden", "true"); // the point's own label says the same
  box.hidden = true;
  document.addEventListener("DOMContentLoaded", () => document.body.append(box));

  const pointOf = e => e.target instanceof Element ? e.target.closest(".chart .chart-point") : null;
  // The browser's own hint would cover the box a second later, so the title becomes the label that is read out.
  const tipOf = point => {
    const title = point.querySelector(":scope > title");
    if (title) {
      point.setAttribute("aria-label", title.textContent);
      title.remove();
    }
    return point.getAttribute("aria-label");
  };
  let shown = null;
  const show = point => {
    shown = point;
    if (!box.isConnected) document.body.append(box); // a page that replaced its body
    box.textContent = tipOf(point);
    box.hidden = false;
    const at = point.getBoundingClientRect(), own = box.getBoundingClientRect(), edge = 6;
    const left = Math.min(Math.max(edge, at.left + at.width / 2 - own.width / 2), innerWidth - own.width - edge);
    const above = at.top - own.height - edge;
    box.style.transform = `translate(${left}px, ${above > edge ? above : at.bottom + edge}px)`;
  };
  const hide = () => {
    box.hidden = true;
    shown = null;
  };

  const focused = () => shown && shown === document.activeElement;
  document.addEventListener("pointerover", e => { const p = pointOf(e); p ? show(p) : focused() || hide(); }); // scrolling moves the page under a mouse that rests
  document.addEventListener("focusin", e => { const p = pointOf(e); p ? show(p) : hide(); });
  document.addEventListener("focusout", hide);
  // The focus can scroll the page to its point, and the box goes with it; the mouse has left its point.
  document.addEventListener("scroll", () => { focused() ? show(shown) : hide(); }, { passive: true, capture: true });

  document.addEventListener("keydown", e => {
    const point = pointOf(e);
    if (!point) return;
    if (e.key === "Escape") return hide();
    const all = [...point.closest(".chart").querySelectorAll(".chart-point[tabindex]")], i = all.indexOf(point);
    const to = { ArrowRight: i + 1, ArrowDown: i + 1, ArrowLeft: i - 1, ArrowUp: i - 1, Home: 0, End: all.length - 1 }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    const next = all[Math.min(Math.max(to, 0), all.length - 1)];
    point.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  });
})();
