// Kasinot: lita på den automat som ser bäst ut, och se hur löftena hopar sig.
(() => {
  const unstarted = "figure.dqn-casino:not([data-igang])";
  const own = document.currentScript && document.currentScript.closest(unstarted);
  for (const figure of own ? [own] : document.querySelectorAll(unstarted)) start(figure);

  function start(figure) {
    figure.dataset.igang = "";
    const data = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    const find = (selector) => figure.querySelector(selector);
    const draws = find('[data-dra="drag"]');
    const double = find('[data-gor="två"]');
    const number = (value) => value.toFixed(2).replace("-0.00", "0.00").replace(".", ",").replace("-", "−");
    const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
    const best = (values) => values.indexOf(Math.max(...values));
    let evening = null;
    let sums = null;

    // Ett normalfördelat tal av två likformiga (Box och Muller).
    const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

    function play(n) {
      const pulls = Array.from({ length: data.n_arms }, () => Array.from({ length: n }, normal));
      const estimates = pulls.map(mean);
      const chooses = pulls.map((row) => mean(row.slice(0, n / 2))); // den ena halvan väljer
      const judges = pulls.map((row) => mean(row.slice(n / 2))); // den andra värderar
      const [single, chosen] = [best(estimates), best(chooses)];
      return { pulls, estimates, judges, single, chosen,
        one: estimates[single], two: judges[chosen] };
    }

    function evenings(count) {
      for (let i = 0; i < count; i += 1) {
        evening = play(Number(draws.value));
        sums.one.push(sums.one.at(-1) + evening.one);
        sums.two.push(sums.two.at(-1) + evening.two);
      }
      show();
    }

    const usesTwo = () => double.getAttribute("aria-pressed") === "true";
    const svg = (height, inside) => `<svg viewBox="0 0 ${data.width} ${height}">${inside}</svg>`;

    function machines() {
      const zero = data.height / 2;
      const scale = zero / 3.5; // tre och en halv kronor upp och ner får plats
      const step = data.width / data.n_arms;
      const picked = evening && (usesTwo() ? evening.chosen : evening.single);
      const columns = evening ? evening.pulls.map((row, i) => {
        const x = step * (i + 0.5);
        const dots = row.map((value) => `<circle cx="${x}" cy="${zero - scale * value}" r="2"/>`).join("");
        const value = (usesTwo() && i === picked ? evening.judges : evening.estimates)[i];
        const bar = `<path d="M${x - 10} ${zero - scale * value}h20"/>`;
        return `<g class="${i === picked ? "dqn-vald" : ""}">${dots}${bar}</g>`;
      }) : [];
      find("[data-automater]").innerHTML = svg(data.height, `<path class="dqn-noll" d="M0 ${zero}H${data.width}"/>`
        + columns.join(""));
    }

    function curve(values, top, bottom, kind, name) {
      const x = (i) => (data.width * i) / Math.max(20, values.length - 1);
      const y = (value) => 20 + (170 * (top - value)) / (top - bottom);
      const every = Math.ceil(values.length / 600); // fler punkter än bildpunkter behövs inte
      const points = values.map((value, i) => [i, value]).filter(([i]) => i % every === 0 || i === values.length - 1);
      const end = values.length - 1;
      const beside = kind === "dqn-ett" ? y(values[end]) + 62 : Math.min(y(values[end]), y(0)) - 8;
      const label = end ? `<text class="${kind}" x="${x(end)}" y="${beside}">`
        + `${name}: ${values[end].toFixed(0).replace("-", "−")}</text>` : "";
      return `<path class="${kind}" d="M${points.map(([i, v]) => `${x(i).toFixed(1)} ${y(v).toFixed(1)}`).join("L")}"/>${label}`;
    }

    function curves() {
      const shown = usesTwo() ? [...sums.one, ...sums.two] : sums.one;
      const [top, bottom] = [shown.reduce((a, b) => Math.max(a, b), 4), shown.reduce((a, b) => Math.min(a, b), -2)];
      const zero = 20 + (170 * top) / (top - bottom);
      find("[data-kurva]").innerHTML = svg(210, `<path class="dqn-noll" d="M0 ${zero}H${data.width}"/>`
        + curve(sums.one, top, bottom, "dqn-ett", "en skattning")
        + (usesTwo() ? curve(sums.two, top, bottom, "dqn-tva", "två skattningar") : ""));
    }

    function answer() {
      if (!evening) return "Spela en kväll: dra i alla automater, och lita på den som ser bäst ut.";
      const n = sums.one.length - 1;
      const theory = number(data.expected / Math.sqrt(Number(draws.value)));
      const nights = n === 1 ? "en kväll" : `${n} kvällar`;
      const one = `Efter ${nights}: den som ser bäst ut lovar i genomsnitt ${number(sums.one.at(-1) / n)} per drag`;
      const two = `, och med två skattningar ${number(sums.two.at(-1) / n)}`;
      return `${one}${usesTwo() ? two : ` (i teorin ${theory})`}. Sanningen är 0.`;
    }

    function show() {
      machines();
      curves();
      find('[data-visa="svar"]').textContent = answer();
      find('[data-visa="drag"]').textContent = draws.value;
    }

    function restart() {
      evening = null;
      sums = { one: [0], two: [0] };
      show();
    }

    const actions = { en: () => evenings(1), många: () => evenings(100), om: restart, två: () => {
      double.setAttribute("aria-pressed", String(!usesTwo()));
      show();
    } };
    for (const button of figure.querySelectorAll("[data-gor]")) {
      button.addEventListener("click", actions[button.dataset.gor]);
    }
    draws.addEventListener("input", restart);

    double.setAttribute("aria-pressed", "false");
    find(".dqn-stilla").hidden = true;
    find(".dqn-spel").style.display = "";
    restart();
    figure.toy = { play }; // testen räknar med samma funktion
  }
})();
