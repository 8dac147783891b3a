"use strict";
// Everything that is shown of a scenario is packed with it and unpacked when somebody opens it.
// Text enters the page as text only: nothing here parses HTML.
(() => {
  const byId = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";

  const fill = (node, attributes, children) => {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== undefined) node.setAttribute(name, value);
    }
    for (const child of children.flat()) {
      if (child !== null && child !== undefined) node.append(child);
    }
    return node;
  };
  const h = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);
  const s = (name, attributes, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

  // --- unpacking -------------------------------------------------------------------------------
  const packed = new Map();
  for (const script of document.querySelectorAll("script.packed")) {
    packed.set(script.dataset.scenario, script);
  }
  const unpack = async (scenario) => {
    const bytes = Uint8Array.from(atob(packed.get(scenario).textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  };

  // --- time ------------------------------------------------------------------------------------
  const two = (n) => String(n).padStart(2, "0");
  const clock = (at) => {
    const seconds = Math.floor(at / 1000);
    return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${String(at % 1000).padStart(3, "0")}`;
  };
  const length = (ms) => {
    const seconds = Math.round(ms / 1000);
    const parts = [[Math.floor(seconds / 86400), "d"], [Math.floor(seconds / 3600) % 24, "h"], [Math.floor(seconds / 60) % 60, "min"], [seconds % 60, "s"]];
    return parts.filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}`).join(" ") || "0 s";
  };

  // --- transcripts: rows of [at, actor, kind, neutral words, native words, whom it goes to] --------
  const line = ([at, actor, , text, native]) =>
    `${clock(at)}  ${actor}  ${text}${native ? ` = ${native}` : ""}`;
  const isMarked = (row, marks) => {
    const plain = line(row).replace(/\s/g, "");
    return marks.some((mark) => mark === plain);
  };

  const IDLE = 2000, LANE = 250, GUTTER = 96;
  const shorten = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

  const diagram = (rows, marks) => {
    const actors = [];
    for (const [, actor] of rows) {
      if (actor !== "server" && actor !== "--" && actor !== ".." && !actors.includes(actor)) actors.push(actor);
    }
    actors.push("server");
    const x = (actor) => GUTTER + 20 + actors.indexOf(actor) * LANE;
    const width = GUTTER + actors.length * LANE + 420;
    const body = [];
    let y = 44;
    let before = null;
    for (const row of rows) {
      const [at, actor, kind, text, native, to] = row;
      if (before !== null && at - before > IDLE) {
        body.push(s("line", { x1: GUTTER, x2: width, y1: y + 4, y2: y + 4, class: "fold" }));
        body.push(s("text", { x: GUTTER + 28, y: y + 1, class: "idle" }, `${length(at - before)} idle`));
        y += 20;
      }
      before = at;
      const marked = isMarked(row, marks);
      const tall = native ? 32 : 19;
      if (marked) body.push(s("rect", { x: 0, y: y - 13, width, height: tall, class: "mark" }));
      if (kind === "step" || kind === "end") {
        if (!marked) body.push(s("rect", { x: 0, y: y - 13, width, height: 18, class: "step-band" }));
        body.push(s("text", { x: 4, y, class: "time" }, clock(at)));
        body.push(s("text", { x: GUTTER, y }, s("title", null, text), shorten(text, 150)));
        y += 22;
        continue;
      }
      const lane = actors.includes(actor) ? x(actor) : GUTTER + 20;
      body.push(s("text", { x: 4, y, class: "time" }, clock(at)));
      const target = to && actors.includes(to) ? x(to) : null;
      if (target !== null && target !== lane) {
        const tip = target > lane ? -7 : 7;
        body.push(s("line", { x1: lane, x2: target, y1: y + 4, y2: y + 4, class: "arrow" }));
        body.push(s("path", { d: `M${target} ${y + 4} l${tip} -4 v8 z`, class: "tip" }));
        const left = Math.min(lane, target) + 10;
        body.push(s("text", { x: left, y: y, class: "small" }, s("title", null, text), shorten(text, 110)));
      } else {
        body.push(s("circle", { cx: lane, cy: y - 4, r: kind === "event" || kind === "call" || kind === "result" ? 4 : 2.5, class: "dot" }));
        const type = kind === "event" || kind === "result" || kind === "call" ? kind : "small";
        body.push(s("text", { x: lane + 10, y, class: type }, s("title", null, text), shorten(text, 110)));
      }
      if (native) {
        body.push(s("text", { x: lane + 10, y: y + 13, class: "small" }, s("title", null, native), shorten(native, 120)));
      }
      y += native ? 34 : 20;
    }
    const lanes = actors.map((actor) => [
      s("line", { x1: x(actor), x2: x(actor), y1: 26, y2: y, class: "lane" }),
      s("text", { x: x(actor), y: 18, class: "head", "text-anchor": "middle" }, actor),
    ]);
    const svg = s("svg", { width, height: y + 8, viewBox: `0 0 ${width} ${y + 8}`, role: "img", "aria-label": "sequence diagram" }, ...lanes, ...body);
    return h("div", { class: "scroll" }, svg);
  };

  // --- differences between two transcripts ------------------------------------------------------
  const MOST = 1500;
  const difference = (one, two) => {
    // Times and numbers of calls shift; what is said is compared.
    const plain = (row) => `${row[1]}  ${row[3]}${row[4] ? ` = ${row[4]}` : ""}`;
    const a = one.slice(0, MOST).map(plain), b = two.slice(0, MOST).map(plain);
    const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
    for (let i = a.length - 1; i >= 0; i--) {
      for (let j = b.length - 1; j >= 0; j--) {
        table[i][j] = a[i] === b[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
      }
    }
    const out = [];
    let i = 0, j = 0;
    while (i < a.length || j < b.length) {
      if (i < a.length && j < b.length && a[i] === b[j]) {
        out.push(h("span", null, `  ${line(one[i])}\n`));
        i++; j++;
      } else if (j >= b.length || (i < a.length && table[i + 1][j] >= table[i][j + 1])) {
        out.push(h("span", { class: "del" }, `- ${line(one[i++])}\n`));
      } else {
        out.push(h("span", { class: "add" }, `+ ${line(two[j++])}\n`));
      }
    }
    return h("pre", { class: "difference" }, ...out);
  };

  // --- one case ---------------------------------------------------------------------------------
  const more = (title, open, ...children) => h("details", open ? { open: "" } : null, h("summary", null, title), ...children);

  const yaml = (text, lines) =>
    h("pre", { class: "yaml" }, ...text.split("\n").map((each, at) =>
      h("span", lines.includes(at + 1) ? { class: "bad-line" } : null, `${String(at + 1).padStart(3)} | ${each}\n`)));

  const finding = (found) => {
    const rows = Object.entries(found.rows).map(([id, sentence]) => h("li", null, h("code", null, id), ` ${sentence}`));
    return h("div", { class: "card finding" },
      h("h3", { class: "failed" }, `${found.by}: ${found.kind}`),
      h("dl", { class: "seen" },
        h("dt", null, "expected"), h("dd", null, found.expected),
        h("dt", null, "seen"), h("dd", null, found.seen),
        h("dt", null, "fault"), h("dd", null, found.fault),
        h("dt", null, "repeat"), h("dd", null, h("code", null, found.repeat))),
      rows.length ? h("ul", null, ...rows) : null,
      found.around ? more("transcript around it", true, h("pre", null, ...found.around.split("\n").map((each) =>
        h("span", each.startsWith(">") ? { class: "bad-line" } : each.startsWith("+") ? { class: "add" } : each.startsWith("-") ? { class: "del" } : null, `${each}\n`)))) : null);
  };
  const marksOf = (findings) => findings.flatMap((found) => (found.around || "").split("\n"))
    .filter((each) => each.startsWith("> ")).map((each) => each.slice(2).replace(/\s/g, ""));

  const links = (scenario, columns, here) => columns.map((name) =>
    h("a", { href: `#${scenario}/${name}`, class: name === here ? "here" : null }, name));

  const showCase = (scenario, about, name) => {
    const shown = about.columns[name];
    const findings = shown.findings || [];
    const lines = findings.map((found) => found.line && found.line[0]).filter(Boolean);
    const rows = shown.rows;
    return [
      h("p", null, h("strong", { class: shown.status }, shown.status), ` under ${name}`,
        shown.reason ? `: ${shown.reason}` : ""),
      ...findings.map(finding),
      ...(shown.undocumented || []).map((each) => h("p", { class: "undocumented" }, each)),
      more(`scenario ${about.file}`, lines.length > 0, yaml(about.yaml, lines)),
      rows ? more("sequence diagram", true, diagram(rows, marksOf(findings))) : h("p", { class: "soft" }, "No transcript was kept."),
      rows ? more("transcript", false, h("pre", null, rows.map(line).join("\n"))) : null,
    ];
  };

  const group = (each, names, open) => {
    const told = each.lines.map((told) => `${told.device}: ${told.words}${told.after ? ` after ${told.after}` : ""}`);
    const list = each.wordings.filter((wording) => wording.native.some(Boolean)).map((wording) =>
      h("li", null, `${wording.columns.map((at) => names[at]).join(", ")}: `, ...wording.native.map((native) => h("code", null, `${native} `))));
    const who = each.columns.map((at) => names[at] + (open[at] ? ` (not documented: ${open[at].join(", ")}; taken here)` : ""));
    return h("li", null, h("strong", null, who.join(", ")), `: ${told.join("; ") || "nothing"}`, list.length ? h("ul", null, ...list) : null);
  };

  const showComparison = (scenario, about, name, rerender) => {
    const names = Object.keys(about.columns).filter((each) => about.columns[each].rows);
    const all = about.names;
    const other = showComparison.other && names.includes(showComparison.other) && showComparison.other !== name
      ? showComparison.other : names.find((each) => each !== name);
    const shown = about.columns[name];
    const parts = [
      h("p", null, h("strong", { class: shown.standing }, shown.standing), ` under ${name}`, shown.reason ? `: ${shown.reason}` : ""),
      about.steps.length ? h("h3", null, "What differs, step by step") : h("p", null, "Nothing differs but names and numbers."),
      ...about.steps.map((step) => h("div", { class: "card" },
        h("h3", null, step.number ? `step ${step.number}: ` : "", h("code", null, step.text)),
        h("ul", null, ...step.groups.map((each) => group(each, all, step.open)),
          ...Object.entries(step.open).filter(([at]) => !step.groups.some((each) => each.columns.includes(Number(at))))
            .map(([at, why]) => h("li", { class: "not-documented" }, `${all[at]}: not documented (${why.join(", ")})`))))),
    ];
    if (shown.rows && other) {
      const pick = h("select", { id: "other", "aria-label": "compare with" }, ...names.filter((each) => each !== name).map((each) =>
        h("option", each === other ? { selected: "" } : null, each)));
      pick.addEventListener("change", () => { showComparison.other = pick.value; rerender(); });
      parts.push(h("h3", null, `Transcripts: - ${name}, + `, pick));
      parts.push(difference(shown.rows, about.columns[other].rows));
      parts.push(more(`sequence diagram of ${name}`, true, diagram(shown.rows, [])));
      parts.push(more(`sequence diagram of ${other}`, false, diagram(about.columns[other].rows, [])));
    }
    parts.push(more(`scenario ${about.file}`, false, yaml(about.yaml, [])));
    return parts;
  };

  // --- routes -------------------------------------------------------------------------------------
  const pages = [...document.querySelectorAll("section.page")];
  const detail = byId("detail");
  const comparing = document.body.dataset.kind === "comparison";
  let current = null;
  // The page that a case was opened from, and is closed to.
  let from = pages[0].id;

  const showPage = (id) => {
    from = id;
    for (const page of pages) page.hidden = page.id !== id;
    for (const link of document.querySelectorAll("nav a")) link.classList.toggle("here", link.getAttribute("href") === `#${id}`);
  };
  const split = (hash) => {
    const at = hash.lastIndexOf("/");
    const [scenario, name] = [hash.slice(0, at), hash.slice(at + 1)];
    return packed.has(scenario) ? [scenario, name] : packed.has(hash) ? [hash, null] : null;
  };
  const route = async () => {
    let hash = location.hash.slice(1);
    try { hash = decodeURIComponent(hash); } catch { /* a stray % stays as it is */ }
    if (pages.some((page) => page.id === hash)) {
      detail.hidden = true;
      showPage(hash);
      const left = current && byId(hash).querySelector(`tr[data-scenario="${CSS.escape(current[0])}"]`);
      if (left && !left.hidden) {
        left.scrollIntoView({ block: "center" });
        mark(left);
      }
      return;
    }
    const target = split(hash);
    if (!target) {
      detail.hidden = true;
      const inside = hash && byId(hash);
      const page = inside && inside.closest("section.page");
      showPage(page ? page.id : pages[0].id);
      if (page) inside.scrollIntoView();
      return;
    }
    const [scenario] = target;
    const about = await unpack(scenario);
    const name = target[1] && about.columns[target[1]] ? target[1] : Object.keys(about.columns)[0];
    current = [scenario, name];
    const render = () => {
      const show = comparing ? showComparison : showCase;
      detail.replaceChildren(
        h("div", { class: "top" }, h("h2", null, about.title), h("a", { href: `#${from}` }, "close")),
        about.about ? h("p", null, about.about) : "",
        h("p", { class: "soft" }, h("code", null, scenario)),
        h("nav", null, ...links(scenario, Object.keys(about.columns), name)),
        ...show(scenario, about, name, render));
      detail.dataset.open = `${scenario}/${name}`;
    };
    render();
    for (const page of pages) page.hidden = true;
    for (const link of document.querySelectorAll("nav a.here")) link.classList.remove("here");
    for (const link of detail.querySelectorAll("nav a")) link.classList.toggle("here", link.textContent === name);
    detail.hidden = false;
    window.scrollTo(0, 0);
  };

  // --- filter and keys ------------------------------------------------------------------------------
  const box = byId("filter");
  const count = byId("count");
  const items = [...document.querySelectorAll("[data-find]")];
  const filter = () => {
    const wanted = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const item of items) {
      const text = `${item.dataset.find} ${item.textContent}`.toLowerCase();
      item.hidden = !wanted.every((word) => text.includes(word));
      if (!item.hidden) left += 1;
    }
    for (const part of document.querySelectorAll("[data-part]")) {
      part.hidden = wanted.length > 0 && !part.querySelector("[data-find]:not([hidden])");
    }
    count.textContent = wanted.length ? `${left} of ${items.length}` : "";
  };
  box.addEventListener("input", filter);

  const rows = () => [...document.querySelectorAll("section.page:not([hidden]) tr[data-scenario]")].filter((row) => !row.hidden);
  let selected = null;
  const mark = (row) => {
    if (selected) selected.classList.remove("here");
    selected = row;
    selected.classList.add("here");
  };
  const select = (by) => {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(selected);
    mark(all[Math.min(all.length - 1, Math.max(0, at + by))]);
    selected.scrollIntoView({ block: "nearest" });
  };
  const turn = async (by) => {
    if (detail.hidden || !current) return;
    const names = Object.keys((await unpack(current[0])).columns);
    const at = (names.indexOf(current[1]) + by + names.length) % names.length;
    location.hash = `${current[0]}/${names[at]}`;
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === box) {
      if (event.key === "Escape") { box.value = ""; filter(); box.blur(); }
      return;
    }
    if (event.target.tagName === "SELECT") return;
    switch (event.key) {
      case "/": event.preventDefault(); box.focus(); break;
      case "j": select(1); break;
      case "k": select(-1); break;
      case "Enter": {
        const link = selected && selected.querySelector("td.cell a");
        if (link) location.hash = link.getAttribute("href");
        break;
      }
      case "ArrowLeft": turn(-1); break;
      case "ArrowRight": turn(1); break;
      case "Escape": location.hash = from; break;
      default:
    }
  });

  window.addEventListener("hashchange", route);
  const asked = new URLSearchParams(location.search).get("filter");
  if (asked) { box.value = asked; filter(); }
  route().then(() => { document.body.dataset.ready = "yes"; });
})();
