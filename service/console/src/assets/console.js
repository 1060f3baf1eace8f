"use strict";

// Times in the visitor's zone.
function localTimes(root) {
  for (const t of root.querySelectorAll("time")) {
    const at = new Date(t.dateTime);
    if (!isNaN(at)) {
      t.title = t.textContent;
      t.textContent = at.toLocaleString(undefined, { dateStyle: "short", timeStyle: "medium" });
    }
  }
}

// How many parts a text needs (3GPP TS 23.038 and 23.040).
const GSM = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENSION = "^{}\\[~]|€\f";

function segments(text) {
  const characters = Array.from(text);
  const gsm = characters.every((c) => GSM.includes(c) || EXTENSION.includes(c));
  const sizes = characters.map((c) => (gsm ? (EXTENSION.includes(c) ? 2 : 1) : c.length));
  const used = sizes.reduce((a, b) => a + b, 0);
  const [single, part] = gsm ? [160, 153] : [70, 67];
  if (used <= single) return { gsm, used, parts: used ? 1 : 0, left: single - used };
  let parts = 1, room = part;
  for (const size of sizes) {
    if (size > room) { parts += 1; room = part; }
    room -= size;
  }
  return { gsm, used, parts, left: room };
}

function countSegments() {
  for (const area of document.querySelectorAll("textarea[data-segments]")) {
    const shown = document.getElementById(area.dataset.segments);
    const show = () => {
      const s = segments(area.value);
      const unit = s.gsm ? "characters, GSM 7-bit" : "characters, UCS-2 (Unicode)";
      const parts = s.parts === 1 ? "1 part" : s.parts + " parts";
      shown.textContent = s.used + " " + unit + " · " + parts + " · " + s.left + " left in " + (s.parts > 1 ? "the last part" : "this part");
    };
    area.addEventListener("input", show);
    show();
  }
}

// The page's content again every few seconds, while somebody looks.
function refresh() {
  const main = document.querySelector("main[data-refresh]");
  if (!main) return;
  setInterval(async () => {
    if (document.hidden || window.getSelection().toString()) return;
    try {
      const response = await fetch(location.href, { credentials: "same-origin" });
      if (!response.ok || response.redirected) return;
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("main");
      if (fresh) {
        localTimes(fresh);
        main.replaceChildren(...fresh.childNodes);
      }
    } catch {
      // The gateway is away; the next round will tell.
    }
  }, 3000);
}

// The form of a kind as soon as it is chosen.
function chooseKind() {
  const kind = document.getElementById("kind");
  if (!kind) return;
  kind.form.querySelector("button").hidden = true;
  kind.addEventListener("change", () => {
    // Whom it is for does not depend on the kind.
    for (const name of ["to", "from"]) {
      const typed = document.querySelector("form[method=post] input[name=" + name + "]");
      if (!typed || !typed.value) continue;
      const kept = document.createElement("input");
      kept.type = "hidden";
      kept.name = name;
      kept.value = typed.value;
      kind.form.append(kept);
    }
    kind.form.submit();
  });
}

const go = document.querySelector("a[data-go]");
if (go) location.replace(go.href);
localTimes(document);
countSegments();
chooseKind();
refresh();
