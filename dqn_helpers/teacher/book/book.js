// Kursens figurer och kort frågar sidan om den är ljus eller mörk på samma sätt som i JupyterLab.
// Här får de svaret av webbokens egen knapp. På papper är allt ljust.
const dark = matchMedia("(prefers-color-scheme: dark)");
const paper = matchMedia("print");

function tellTheFigures() {
  const chosen = document.body.dataset.theme;
  const isDark = chosen === "dark" || (chosen !== "light" && dark.matches);
  document.body.dataset.jpThemeLight = String(!isDark || paper.matches);
}

dark.addEventListener("change", tellTheFigures);
paper.addEventListener("change", tellTheFigures);
new MutationObserver(tellTheFigures).observe(document.documentElement, {
  attributes: true,
  subtree: true,
  attributeFilter: ["data-theme"],
});
addEventListener("DOMContentLoaded", tellTheFigures);

// Kortet med ett ords förklaring håller sig på skärmen, och stängs med Escape.
const MARGIN = 8;

function keepOnScreen(event) {
  const card = event.target.closest(".ord")?.querySelector(".ord-kort");
  if (!card) return;
  card.style.left = "0";
  const outside = card.getBoundingClientRect().right + MARGIN - document.documentElement.clientWidth;
  if (outside > 0) card.style.left = `${-outside}px`;
}

addEventListener("mouseover", keepOnScreen);
addEventListener("focusin", keepOnScreen);
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const word of document.querySelectorAll(".ord:hover, .ord:focus")) {
    word.classList.add("stangt");
    for (const leaving of ["mouseleave", "blur"])
      word.addEventListener(leaving, () => word.classList.remove("stangt"), { once: true });
  }
});

// Det som sökningen visar ur en sida är sidans text, utan ordens kort, knapparna och koden.
const NOT_TEXT = ".ord-kort, .egen-kopia, .cell_input, details.hide, .headerlink";

addEventListener("DOMContentLoaded", () => {
  if (typeof Search === "undefined") return;
  const textOf = Search.htmlToText;
  Search.htmlToText = (source, anchor) => {
    const page = new DOMParser().parseFromString(source, "text/html");
    for (const one of page.querySelectorAll(NOT_TEXT)) one.remove();
    const marked = anchor?.startsWith("#index-") ? page.querySelector(anchor) : null;
    if (marked) return marked.parentElement.textContent;
    return textOf(page.documentElement.outerHTML, anchor);
  };
});
