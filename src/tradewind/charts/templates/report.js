// The page's own script: colours, charts, the product picker, downloads. No network, no framework.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const page = JSON.parse($("page").textContent);
  const words = page.words, root = document.documentElement;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, key) => key in values ? values[key] : whole);
  const escape = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
  const chinese = page.language === "zh";
  const number = (v, digits = 0) => v.toLocaleString("en-US", { maximumFractionDigits: digits });
  const units = (v) => number(v, Math.abs(v) < 10 ? 1 : 0);
  const money = (v) => fill(page.currency, { v: v.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 }) });
  const axisUnits = (v) => {
    if (chinese && v >= 1e4) return `${number(v / 1e4, 1)} 万`;
    if (v >= 1e6) return `${number(v / 1e6, 1)} M`;
    return number(v, v < 10 ? 1 : 0);
  };

  const large = (v) => chinese && v >= 1e4 ? `${number(v / 1e4, v < 1e5 ? 2 : 1)}\u00a0万` : units(v);
  const counted = (v) => !chinese ? large(v) : large(v).endsWith("万") ? `${large(v)}件` : `${large(v)}\u00a0件`;

  // Colours: options name tokens, the style sheet says what they are in this mode.
  const coloured = (value) => {
    if (typeof value === "string") {
      return value.startsWith("token:") ? getComputedStyle(root).getPropertyValue("--" + value.slice(6)).trim() : value;
    }
    if (Array.isArray(value)) return value.map(coloured);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, coloured(one)]));
    }
    return value;
  };

  const isFan = (option) => option.series.some((s) => s.id === "band80");
  const fanTooltip = (fan) => (points) => {
    const t = points[0].dataIndex, seen = Object.fromEntries(fan.series.map((s) => [s.id, s.data[t]]));
    const has = (v) => v !== null && v !== undefined;
    const rows = [];
    if (has(seen.sold)) rows.push([words.sold, units(seen.sold)]);
    if (has(seen.demand)) rows.push([`${words.demand} (${words.limited})`, units(seen.demand)]);
    if (has(seen.median)) {
      rows.push([words.median, units(seen.median)]);
      rows.push([words.band50, `${units(seen.low50)} – ${units(seen.low50 + seen.band50)}`]);
      rows.push([words.band80, `${units(seen.low80)} – ${units(seen.low80 + seen.band80)}`]);
    }
    if (!rows.length) rows.push([words.sold, words.no_value]);
    if (has(seen.price)) rows.push([words.price, money(seen.price)]);
    if (has(seen.promotion)) rows.push([words.promotion, "●"]);
    const lines = rows.map(([name, value]) => `<tr><td style="border:0;padding:0 16px 0 0">${escape(name)}</td><td style="border:0;padding:0;text-align:right">${escape(value)}</td></tr>`);
    return `<strong>${escape(points[0].axisValueLabel)}</strong><table>${lines.join("")}</table>`;
  };

  const dressed = (option) => {
    const ready = coloured(option);
    if (isFan(ready)) {
      ready.tooltip.formatter = fanTooltip(ready);
      ready.yAxis[0].axisLabel.formatter = axisUnits;
      const size = ready.xAxis[0].data.length, h = ready.series.find((s) => s.id === "median").data.filter((v) => v !== null).length;
      const keep = innerWidth < 720 ? h + Math.max(40, 4 * h) : size; // a phone shows less of the past, so that the forecast can be read
      ready.dataZoom = [{ type: "inside", disabled: true, xAxisIndex: ready.xAxis.map((_, k) => k), startValue: Math.max(size - keep, 0), endValue: size - 1 }];
      ready.legend.show = false; // the page has its own, which wraps
      ready.grid[0].top = 32;
    } else {
      ready.tooltip.valueFormatter = (v) => typeof v === "number" ? number(v, 1) : v;
    }
    return ready;
  };

  const charts = new Map(); // element → option as it came
  const draw = (element) => {
    const chart = echarts.getInstanceByDom(element) || echarts.init(element);
    chart.setOption(dressed(charts.get(element)), true);
  };
  const lazily = new IntersectionObserver((entries) => entries.forEach((entry) => {
    if (!entry.isIntersecting) return;
    lazily.unobserve(entry.target);
    draw(entry.target);
  }), { rootMargin: "400px" });
  document.querySelectorAll("[data-chart]").forEach((element) => {
    charts.set(element, page.charts[element.dataset.chart].option);
    lazily.observe(element);
  });
  const redraw = () => charts.forEach((_, element) => { if (echarts.getInstanceByDom(element)) draw(element); });
  let waiting = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => charts.forEach((_, element) => echarts.getInstanceByDom(element)?.resize()));
  });

  const button = $("theme");
  const label = () => { button.textContent = root.dataset.theme === "dark" ? words.light : words.dark; };
  label();
  button.addEventListener("click", () => {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("tradewind-theme", root.dataset.theme); } catch (e) { /* a file may have no storage */ }
    label();
    redraw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (change) => {
    root.dataset.theme = change.matches ? "dark" : "light";
    label();
    redraw();
  });

  // Products: text → numbers, then into the option that Python built.
  const numbers = (text) => text.split(",").map((part) => part === "" ? null : Number(part));
  const prices = (text) => {
    let last = null;
    return text.split(",").map((part) => { if (part !== "") last = part === "-" ? null : Number(part); return last; });
  };
  const T = page.steps || 0, all = page.products, size = page.dates ? page.dates.length : 0;
  const ahead = (values) => Array(T).fill(null).concat(values);
  const data = (product) => {
    const q = product.q.map(numbers), minus = (a, b) => a.map((v, k) => v - b[k]);
    const demand = Array(size).fill(null), promotion = Array(size).fill(null);
    Object.entries(product.d || {}).forEach(([t, v]) => { demand[t] = v; });
    (product.m || []).forEach((t) => { promotion[t] = 1; });
    return {
      sold: numbers(product.y).concat(Array(size - T).fill(null)), demand, promotion,
      median: ahead(q[2]), low80: ahead(q[0]), band80: ahead(minus(q[4], q[0])),
      low50: ahead(q[1]), band50: ahead(minus(q[3], q[1])), price: product.p ? prices(product.p) : [],
    };
  };
  const optionOf = (product) => {
    const lines = data(product);
    return { ...page.fan, series: page.fan.series.map((s) => ({ ...s, data: lines[s.id] })) };
  };
  const csvOf = (product) => {
    const lines = data(product), names = Object.keys(lines).filter((name) => lines[name].length);
    const value = (name, t) => {
      const v = lines[name][t];
      if (v === null || v === undefined) return "";
      return name.startsWith("band") ? Math.round((v + lines[name.replace("band", "low")][t]) * 10) / 10 : v;
    };
    const heads = names.map((name) => name.replace("band", "high"));
    const rows = page.dates.map((ds, t) => [ds, ...names.map((name) => value(name, t))].join(","));
    return [["ds", ...heads].join(","), ...rows].join("\n");
  };

  let chosen = null, order = all;
  const hash = () => new URLSearchParams(location.hash.startsWith("#products?") ? location.hash.slice(10) : "");
  const remember = () => {
    const state = new URLSearchParams({ id: chosen.id });
    if ($("query").value) state.set("q", $("query").value);
    if ($("sort").value !== "sales") state.set("sort", $("sort").value);
    history.replaceState(null, "", "#products?" + state);
  };
  const choose = (product) => {
    chosen = product;
    const [low, middle, high] = product.t;
    const median = counted(middle), range = `${large(low)}${chinese ? "–" : " to "}${counted(high)}`;
    $("product-title").textContent = fill(words.fan_title, { name: product.n, median, span: page.span });
    $("product-sure").textContent = fill(words.fan_sure, { range });
    const element = $("product");
    element.setAttribute("aria-label", `${$("product-title").textContent}. ${$("product-sure").textContent}`);
    charts.set(element, optionOf(product));
    if (echarts.getInstanceByDom(element)) draw(element); else lazily.observe(element);
    document.querySelectorAll("#list button").forEach((b) => b.toggleAttribute("aria-current", b.dataset.id === product.id));
  };
  const arrow = (product) => {
    const mark = document.createElement("span");
    if (product.dir === "rise" || product.dir === "fall") {
      mark.className = product.dir;
      mark.textContent = `${product.dir === "rise" ? "▲" : "▼"} ${words[product.dir]}`;
    }
    return mark;
  };
  const LISTED = 200;
  const list = () => {
    const query = $("query").value.trim().toLowerCase(), box = $("list");
    const found = order.filter((p) => p.n.toLowerCase().includes(query) || p.id.toLowerCase().includes(query));
    $("found").textContent = found.length ? fill(words.found, { n: number(found.length) }) : words.nothing;
    box.replaceChildren(...found.slice(0, LISTED).map((product) => {
      const item = document.createElement("li"), choice = document.createElement("button"), name = document.createElement("span");
      choice.type = "button";
      choice.dataset.id = product.id;
      choice.title = name.textContent = product.n;
      choice.append(name, arrow(product));
      choice.toggleAttribute("aria-current", product === chosen);
      choice.addEventListener("click", () => { choose(product); remember(); });
      item.append(choice);
      return item;
    }));
    if (found.length > LISTED) {
      const rest = document.createElement("li");
      rest.className = "note";
      rest.textContent = fill(words.more, { n: number(found.length - LISTED) });
      box.append(rest);
    }
    return found;
  };
  const sorted = () => {
    const by = $("sort").value;
    const likely = (p) => p.dir === by ? p.pr : -1;
    order = by === "sales" ? all : [...all].sort((a, b) => likely(b) - likely(a));
  };
  const follow = () => {
    const state = hash();
    $("query").value = state.get("q") || "";
    if ([...$("sort").options].some((o) => o.value === state.get("sort"))) $("sort").value = state.get("sort");
    sorted();
    const found = list();
    choose(all.find((p) => p.id === state.get("id")) || chosen || found[0] || all[0]);
    const here = document.querySelector("#list button[aria-current]");
    if (here) $("list").scrollTop = here.offsetTop - $("list").offsetTop - 80;
    if (state.has("id")) $("products").scrollIntoView();
  };
  if (all.length) {
    $("query").addEventListener("input", () => { const found = list(); if (found.length && !found.includes(chosen)) choose(found[0]); remember(); });
    $("sort").addEventListener("change", () => { sorted(); list(); remember(); });
    $("list").addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const buttons = [...document.querySelectorAll("#list button")], at = buttons.indexOf(document.activeElement);
      if (!step || at < 0 || !buttons[at + step]) return;
      event.preventDefault();
      buttons[at + step].focus();
      buttons[at + step].click();
    });
    addEventListener("hashchange", () => { if (location.hash.startsWith("#products?")) follow(); });
    follow();
  }

  document.querySelectorAll("[data-csv]").forEach((link) => link.addEventListener("click", () => {
    const text = link.dataset.csv === "product" ? csvOf(chosen) : page.charts[link.dataset.csv].csv;
    if (link.dataset.csv === "product") link.download = `${chosen.id.replace(/[^\w.-]+/g, "_")}.csv`;
    URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(new Blob(["\ufeff" + text], { type: "text/csv" }));
  }));

  const rail = [...document.querySelectorAll(".rail a:not(.mark)")];
  const sections = rail.map((link) => $(link.getAttribute("href").slice(1)));
  const mark = () => {
    const seen = sections.filter((s) => s.getBoundingClientRect().top < innerHeight / 3);
    const here = seen[seen.length - 1] || sections[0];
    rail.forEach((link, k) => link.classList.toggle("here", sections[k] === here));
  };
  addEventListener("scroll", mark, { passive: true });
  mark();
})();
