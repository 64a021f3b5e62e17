// Kursens figurer och kort frågar sidan om den är ljus eller mörk på samma sätt som i JupyterLab.
// Här får de svaret av webbokens egen knapp.
const dark = matchMedia("(prefers-color-scheme: dark)");

function tellTheFigures() {
  const chosen = document.body.dataset.theme;
  const isDark = chosen === "dark" || (chosen !== "light" && dark.matches);
  document.body.dataset.jpThemeLight = String(!isDark);
}

dark.addEventListener("change", tellTheFigures);
new MutationObserver(tellTheFigures).observe(document.documentElement, {
  attributes: true,
  subtree: true,
  attributeFilter: ["data-theme"],
});
addEventListener("DOMContentLoaded", tellTheFigures);
