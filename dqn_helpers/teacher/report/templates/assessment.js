// Bedömningssidan: en student i taget. Python har skrivit formulären; här fylls de i, och det som
// ändras blir rader i beslut.csv. Nycklarna är studentens plats, övningen och radens slag.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
// Bara studenten som visas ligger på sidan: tiotusen formulär på en gång tar minuter att öppna.
const sections = [...document.querySelectorAll("template.student")].map((one) => one.content.firstElementChild);
const shown = document.getElementById("shown");
const status = document.getElementById("status");
const who = document.getElementById("who");
const jump = document.getElementById("jump");
let here = 0;

// --- en ruta i formuläret är en rad i filen -------------------------------------------------------

const RUBRIC = /^Delar: ([^.]*)\. ?/;
const agreeing = (n, one, many) => (n === 1 ? one : many);
const counted = (n, one, many) => `${n} ${agreeing(n, one, many)}`;
const swedish = (number) => String(number).replace(".", ",");
const rubricOf = (form) => [...form.querySelectorAll(".rubric")];
const chosen = (part) => part.querySelector("input:checked");

function unitsIn(section) {
  const index = section.dataset.index;
  const exercises = [...section.querySelectorAll(".exercise-form")].map((form) => (
    { form, key: `${index}/${form.dataset.id}/`, exercise: form.dataset.exercise, kind: "" }));
  const whole = [...section.querySelectorAll(".whole-form .row")].map((form) => (
    { form, key: `${index}/${data.whole}/`, exercise: data.whole, kind: form.dataset.kind }));
  return [...exercises, ...whole].map((unit) => ({ ...unit, section }));
}

function rubricText(form) {
  const parts = rubricOf(form).filter(chosen).map((part) => {
    const points = Number(chosen(part).value) * Number(part.dataset.worth);
    return `${part.dataset.part} ${swedish(points)} av ${swedish(Number(part.dataset.worth))}`;
  });
  return parts.length ? `Delar: ${parts.join("; ")}. ` : "";
}

// Raden som formuläret är nu; null om det är tomt, en text om det är fel ifyllt.
function rowOf({ form, section, exercise, kind }) {
  const value = form.querySelector(".value")?.value.trim() ?? "";
  const words = form.querySelector(".reason").value.trim().replace(/\s+/g, " ");
  const text = (rubricText(form) + words).trim();
  const left = rubricOf(form).filter((part) => !chosen(part)).length;
  if (!value && left && left < rubricOf(form).length) return `${exercise}: ${counted(left, "del", "delar")} återstår att bedöma.`;
  const row = { file: section.dataset.file, exercise, reason: text, who: who.value.trim() };
  if (!value && !text) return null;
  if (!value && (kind === "" || kind === "kommentar")) return { ...row, kind: "kommentar", given: "kommentar" };
  if (!value) return `Skälet till ${kind}et på hela filen står där, men inte ${kind === "betyg" ? "betyget" : "hur många procent"}.`;
  if (kind === "avdrag") {
    const percent = value.replace(/^[-−]|\s*%$/g, "");
    if (!/^\d{1,2}([.,]\d{1,2})?$|^100$/.test(percent)) return "Avdraget ska vara ett tal mellan 0 och 100.";
    return { ...row, kind, given: `-${swedish(percent)} %`, reason: text || "Avdrag." };
  }
  if (kind === "betyg") return { ...row, kind, given: value, reason: text || "Bedömt för hand." };
  const letter = /^[GU]$/i.test(value);
  const number = Number(value.replace(",", "."));
  if (!letter && (!/^\d+([.,]\d+)?$/.test(value) || number > Number(form.dataset.max))) {
    return `${exercise}: poängen ska vara ett tal mellan 0 och ${swedish(form.dataset.max)}, eller G eller U.`;
  }
  const given = letter ? value.toUpperCase() : swedish(number);
  return { ...row, kind: "poäng", given, reason: text || "Bedömt för hand." };
}

function show({ form }, row) {
  const value = form.querySelector(".value");
  let reason = row ? row.reason : "";
  const parts = reason.match(RUBRIC);
  for (const part of rubricOf(form)) {
    part.querySelectorAll("input").forEach((input) => { input.checked = false; });
    const found = parts && parts[1].split("; ").find((one) => one.startsWith(`${part.dataset.part} `));
    if (!found) continue;
    const points = Number(found.slice(part.dataset.part.length + 1).split(" ")[0].replace(",", "."));
    const share = points / Number(part.dataset.worth);
    part.querySelectorAll("input").forEach((input) => { input.checked = Number(input.value) === share; });
  }
  if (parts && rubricOf(form).length) reason = reason.slice(parts[0].length);
  form.querySelector(".reason").value = reason;
  if (value) value.value = !row || row.kind === "kommentar" ? "" : row.given.replace(/^-|\s*%$/g, "");
}

const nameOf = ({ section }) => jump.options[Number(section.dataset.index)].text;
const same = (a, b) => JSON.stringify(a && { ...a, who: "" }) === JSON.stringify(b && { ...b, who: "" });

// Formulären fylls i när de behövs: en kurs kan ha tiotusen filer.
const rowsOf = new Map(); // nyckel → raderna i beslut.csv
for (const row of data.rows) rowsOf.set(row.key, [...(rowsOf.get(row.key) ?? []), row]);
const filled = new Map(); // plats → formulärets delar
const opened = new Set(); // platserna där läraren kan ha ändrat något
function unitsAt(place) {
  if (!filled.has(place)) {
    filled.set(place, unitsIn(sections[place]));
    for (const unit of filled.get(place)) {
      const mine = (rowsOf.get(unit.key) ?? []).filter((row) => unit.kind === "" || row.kind === unit.kind);
      unit.loaded = mine.findLast((one) => one.kind !== "kommentar") ?? mine.at(-1) ?? null;
      show(unit, unit.loaded);
      unit.initial = rowOf(unit);
    }
  }
  return filled.get(place);
}

// Det som är ändrat: rader att ta bort och rader att lägga till, och det som är fel ifyllt.
function changes() {
  const result = { clear: [], rows: [], wrong: [], units: [] };
  for (const unit of [...opened].sort((a, b) => a - b).flatMap(unitsAt)) {
    const now = rowOf(unit);
    const input = unit.form.querySelector(".value");
    const wrong = typeof now === "string";
    if (wrong) input.setAttribute("aria-invalid", "true"); else input?.removeAttribute("aria-invalid");
    if (wrong) result.wrong.push({ unit, text: `${nameOf(unit)}: ${now}` });
    if (wrong || same(now, unit.initial)) continue;
    if (unit.loaded) result.clear.push(unit.key + unit.loaded.kind);
    if (now && now.kind !== "kommentar") result.clear.push(unit.key + now.kind);
    if (now) result.rows.push(now);
    result.units.push([unit, now]);
  }
  return result;
}

// --- spara ---------------------------------------------------------------------------------------

function say(text, bad = false) {
  status.textContent = text;
  status.classList.toggle("warning", bad);
}

function quoted(cell) {
  const text = String(cell ?? "");
  const special = [data.delimiter, '"', "\n", "\r"].some((one) => text.includes(one)) || text.startsWith("#");
  return special ? `"${text.replaceAll('"', '""')}"` : text;
}

function line(row) {
  const cells = { fil: row.file, "övning": row.exercise, "poäng": row.given, "skäl": row.reason, vem: row.who };
  return data.columns.map((name) => quoted(cells[name])).join(data.delimiter) + "\r\n";
}

function wholeFile({ clear, rows }) {
  const kept = data.records.filter((record) => !clear.includes(record.key)).map((record) => record.text);
  return "\ufeff" + kept.join("") + rows.map(line).join("");
}

function download(found) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([wholeFile(found)], { type: "text/csv" }));
  link.download = "beslut.csv";
  link.click();
  downloaded = JSON.stringify(found.rows);
  say("beslut.csv är hämtad. Lägg den i rättningens mapp, i stället för den som ligger där, och kör rättningen igen.");
}
let downloaded = "";

async function send(found) {
  if (!found.units.length) return; // ett annat anrop hann före
  let answer;
  try {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch("spara", { method: "POST", headers, body: JSON.stringify({ clear: found.clear, rows: found.rows }) });
    answer = await response.json();
  } catch {
    return say("Det gick inte att spara: python kurs.py assess svarar inte. Starta det igen i terminalen och spara en gång till. Det du har skrivit står kvar här så länge sidan är öppen.", true);
  }
  if (answer.problem) return say(answer.problem, true);
  for (const [unit, row] of found.units) unit.loaded = unit.initial = row;
  const n = found.rows.length;
  const saved = n ? `${counted(n, "rad är sparad", "rader är sparade")} i beslut.csv.` : `${agreeing(found.units.length, "Raden är borttagen", "Raderna är borttagna")} ur beslut.csv.`;
  say(found.wrong.length ? `${saved} ${found.wrong[0].text}` : saved, found.wrong.length > 0);
}

let busy = Promise.resolve();
function save(asked) {
  const found = changes();
  keep(found.rows);
  const [wrong] = found.wrong;
  if (wrong) say(`Det här är inte sparat: ${wrong.text}`, true);
  if (wrong && asked) {
    go(Number(wrong.unit.section.dataset.index));
    wrong.unit.form.querySelector(".value").focus();
  }
  if (!found.units.length) {
    if (asked && !wrong) say("Det finns inget nytt att spara.");
  } else if (data.saves) busy = busy.then(() => send(changes()));
  else if (asked && !wrong) download(found);
  return found;
}

// Är sidan öppnad som en fil finns ett utkast kvar i webbläsaren, om fliken stängs innan något är hämtat.
const base = JSON.stringify(data.records);
const draftKey = `bedomning ${location.pathname}`;
function keep(rows) {
  try {
    localStorage.setItem(draftKey, JSON.stringify({ base, who: who.value, rows }));
  } catch { /* webbläsaren vill inte minnas: då gäller varningen när fliken stängs */ }
}
function restore() {
  try {
    const draft = JSON.parse(localStorage.getItem(draftKey) ?? "null");
    if (!draft) return;
    who.value = draft.who;
    if (data.saves || draft.base !== base || !draft.rows.length) return;
    const places = new Map(sections.map((section, place) => [section.dataset.file, place]));
    for (const row of draft.rows.filter(({ file }) => places.has(file))) {
      const unit = unitsAt(places.get(row.file)).find((one) => (
        one.exercise === row.exercise && (one.kind === "" || one.kind === row.kind)));
      if (unit) show(unit, row);
      opened.add(places.get(row.file));
    }
    say("Det du bedömde förra gången, men inte hämtade, är ifyllt igen.");
  } catch { /* inget utkast */ }
}
window.addEventListener("beforeunload", (event) => {
  const found = changes();
  const unsaved = found.rows.length || found.clear.length || found.wrong.length;
  if (unsaved && JSON.stringify(found.rows) !== downloaded) event.preventDefault();
});

// --- gå mellan studenterna -----------------------------------------------------------------------

function go(index) {
  here = Math.max(0, Math.min(sections.length - 1, index));
  if (!sections.length) return;
  unitsAt(here);
  opened.add(here);
  shown.replaceChildren(sections[here]);
  jump.value = String(here);
  sections[here].querySelector("h2").focus();
  window.scrollTo(0, 0);
}
// Den som har skrivit fel i en ruta blir kvar: annars hamnar resten hos nästa student.
function leave(onward) {
  const wrong = save(false).wrong.map(({ unit }) => unit).find(({ form, section }) => (
    section === sections[here] && form.querySelector(".value")?.value.trim()));
  if (wrong) wrong.form.querySelector(".value").focus(); else onward();
}
const move = (step) => leave(() => go(here + step));
const remains = (place) => unitsAt(place).some(({ form }) => form.matches("[data-needs]") && !form.querySelector(".value").value);
const remaining = () => leave(() => {
  const left = sections.map((_, place) => (here + 1 + place) % sections.length).find(remains);
  if (left === undefined) say("Allt är bedömt."); else go(left);
});
jump.addEventListener("change", () => {
  const chosenPlace = Number(jump.value);
  jump.value = String(here);
  leave(() => go(chosenPlace));
});
document.getElementById("back").addEventListener("click", () => move(-1));
document.getElementById("next").addEventListener("click", () => move(1));
document.getElementById("remaining").addEventListener("click", remaining);
document.getElementById("save").addEventListener("click", () => save(true));

// --- bedömningsguiden ----------------------------------------------------------------------------

function sum(form) {
  const parts = rubricOf(form);
  const points = parts.filter(chosen).map((part) => Number(chosen(part).value) * Number(part.dataset.worth));
  form.querySelector(".value").value = points.length === parts.length ? swedish(points.reduce((a, b) => a + b, 0)) : "";
  const left = parts.length - points.length;
  say(left ? `${counted(left, "del", "delar")} av ${parts.length} återstår.` : `Summa: ${form.querySelector(".value").value} poäng.`);
}
function choose(part, value) {
  [...part.querySelectorAll("input")].find((input) => input.value === value).checked = true;
  sum(part.closest(".exercise-form"));
}
const NEXT = { "1": "0.5", "0.5": "0", "0": "1" };
const rubricHere = () => [...sections[here].querySelectorAll(".rubric")];
function cycle(number) {
  const part = rubricHere()[number - 1];
  if (part) choose(part, NEXT[chosen(part)?.value ?? "0"]);
}
document.addEventListener("change", ({ target }) => {
  if (target.matches(".rubric input")) sum(target.closest(".exercise-form"));
});

const focusOn = (selector) => sections[here].querySelector(selector)?.focus();
const KEYS = {
  n: () => move(1), b: () => move(-1), r: remaining, s: () => save(true),
  g: () => rubricHere().forEach((part) => choose(part, "1")),
  u: () => rubricHere().forEach((part) => choose(part, "0")),
  k: () => focusOn(".exercise-form .reason"), p: () => focusOn(".exercise-form .value"), h: () => focusOn(".whole-form .comment"),
  "?": () => { const keys = document.getElementById("keys"); keys.open = !keys.open; },
};
document.addEventListener("keydown", (event) => {
  const writing = event.target.matches("textarea, select, input:not([type=radio], [type=checkbox])");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); return move(1); }
  if (event.key === "Escape" && writing) return sections[here].querySelector("h2").focus();
  if (writing || event.ctrlKey || event.metaKey || event.altKey || !document.getElementById("shortcuts").checked) return;
  const action = /^[1-9]$/.test(event.key) ? () => cycle(Number(event.key)) : KEYS[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  action();
});

document.getElementById("how").textContent = data.saves
  ? "Det du bestämmer sparas i beslut.csv när du går vidare. Kör rättningen igen när du är klar, så kommer det in i alla rapporter."
  : "Knappen ”Spara” hämtar en ny beslut.csv med det du bestämmer här och allt som stod i den gamla när rapporten gjordes. Har du ändrat filen sedan dess kör du först rättningen igen, eller öppnar sidan med python kurs.py assess, som sparar direkt i den.";
restore();
const first = sections.findIndex((_, place) => remains(place));
go(first < 0 ? 0 : first);
