// Sjön, där varje steg är en uppdatering av ett enda Q-värde.
(() => {
  const unstarted = "figure.dqn-lake:not([data-igang])";
  const own = document.currentScript && document.currentScript.closest(unstarted);
  for (const figure of own ? [own] : document.querySelectorAll(unstarted)) start(figure);

  function start(figure) {
    figure.dataset.igang = "";
    const data = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    const size = data.square;
    const find = (selector) => figure.querySelector(selector);
    const setting = (name) => Number(find(`[data-dra="${name}"]`).value);
    const number = (value, digits = 3) => {
      const text = String(Number(value.toFixed(digits))); // inga nollor på slutet, och aldrig −0
      return text.replace(".", ",").replace("-", "−");
    };
    const ends = data.model.map((row) => row.every((outcomes) => outcomes.every((o) => o[3])));
    // Trianglarna i en ruta: hörnen, och var talet står, i samma ordning som handlingarna.
    const half = size / 2;
    const corners = [[0, size], [size, size], [size, 0], [0, 0]];
    const places = [[11, half + 3], [half, size - 5], [size - 11, half + 3], [half, 11]];
    let q = [];
    let square = 0;
    let counts = {};
    let latest = null;

    function update(state, action, reward, next, terminated, alpha, gamma) {
      const future = terminated ? 0 : Math.max(...q[next]);
      const old = q[state][action];
      const error = reward + gamma * future - old;
      q[state][action] += alpha * error;
      return { state, action, reward, next, terminated, alpha, gamma, future, old, error };
    }

    function slide(outcomes) {
      let left = Math.random();
      return outcomes.find(([probability]) => (left -= probability) < 0) || outcomes.at(-1);
    }

    function step(action) {
      const [, next, reward, terminated] = slide(data.model[square][action]);
      latest = update(square, action, reward, next, terminated, setting("alfa"), setting("gamma"));
      counts.steps += 1;
      counts.episodes += terminated ? 1 : 0;
      counts.goals += reward;
      square = terminated ? 0 : next;
    }

    function epsilonGreedy(values) {
      if (Math.random() < setting("epsilon")) return Math.floor(4 * Math.random());
      const best = Math.max(...values);
      const equal = [0, 1, 2, 3].filter((action) => values[action] === best);
      return equal[Math.floor(equal.length * Math.random())]; // lika bra handlingar lottas
    }

    function triangle(state, action) {
      const [x, y] = [(state % data.columns) * size, Math.floor(state / data.columns) * size];
      const value = q[state][action];
      const [from, to] = [corners[(action + 3) % 4], corners[action]];
      const path = `M${x + from[0]} ${y + from[1]}L${x + to[0]} ${y + to[1]}L${x + half} ${y + half}Z`;
      const changed = latest && latest.state === state && latest.action === action;
      const kinds = [changed ? "dqn-andrad" : "", value > 0 && value === Math.max(...q[state]) ? "dqn-bast" : ""];
      const text = Math.abs(value) < 0.005 ? "" : number(value, 2);
      return `<g data-q="${state} ${action}" class="${kinds.join(" ")}"><path d="${path}" `
        + `style="fill-opacity: ${0.4 * Math.min(1, Math.max(0, value))}"/><text x="${x + places[action][0]}" `
        + `y="${y + places[action][1]}">${text}</text></g>`;
    }

    function drawMap() {
      const at = { x: (square % data.columns) * size + half, y: Math.floor(square / data.columns) * size + half,
        steg: `steg ${counts.steps}` };
      const svg = data.drawing.replace(/\{(\w+)\}/g, (all, key) => at[key]);
      const triangles = q.map((row, s) => (ends[s] ? "" : row.map((value, a) => triangle(s, a)).join("")));
      find("[data-karta]").innerHTML = svg.replace("<circle", `<g class="dqn-q">${triangles.join("")}</g><circle r="8"`)
        .replace(' r="15"', "");
    }

    function formula() {
      if (!latest) return "Klicka på en riktning i en ruta, eller tryck på en knapp.";
      const { state, action, reward, next, terminated, alpha, gamma, future, old } = latest;
      const colored = (kind, value) => `<b class="dqn-${kind}">${number(value)}</b>`;
      const later = terminated ? "" : ` + ${number(gamma)} · ${colored("mal", future)}`;
      const after = q[state][action];
      const ending = terminated ? (reward ? ", framme!" : ", i ett hål. Episoden är slut, så framtiden räknas inte.") : ".";
      return `Agenten valde ”${data.directions[action]}” i ruta ${state} och hamnade i ruta ${next}${ending}<br>`
        + `Q(${state}, ${data.directions[action]}) ← ${colored("varde", old)} + ${number(alpha)} · [`
        + `${colored("beloning", reward)}${later} − ${colored("varde", old)}] = ${colored("varde", after)}`;
    }

    function show() {
      drawMap();
      find("[data-formel]").innerHTML = formula();
      const { steps, episodes, goals } = counts;
      find('[data-visa="laget"]').textContent = `steg: ${steps}, episoder: ${episodes}, framme: ${goals}`;
      for (const name of ["alfa", "gamma", "epsilon"]) {
        find(`[data-visa="${name}"]`).textContent = number(setting(name), 2);
      }
    }

    function restart() {
      q = data.model.map((row) => row.map(() => 0));
      [square, latest, counts] = [0, null, { steps: 0, episodes: 0, goals: 0 }];
      show();
    }

    find("[data-karta]").addEventListener("click", (event) => {
      const clicked = event.target.closest("[data-q]");
      if (!clicked) return;
      const [state, action] = clicked.dataset.q.split(" ").map(Number);
      square = state; // att flytta agenten är fusk, men det går fortare att pröva
      step(action);
      show();
    });
    const actions = { om: restart, steg: () => step(epsilonGreedy(q[square])),
      många: () => { for (let i = 0; i < 500; i += 1) step(epsilonGreedy(q[square])); } };
    for (let a = 0; a < 4; a += 1) actions[`gå ${a}`] = () => step(a);
    for (const button of figure.querySelectorAll("[data-gor]")) {
      button.addEventListener("click", () => { actions[button.dataset.gor](); show(); });
    }
    for (const range of figure.querySelectorAll("[data-dra]")) range.addEventListener("input", show);

    find(".dqn-stilla").hidden = true;
    find(".dqn-spel").style.display = "";
    restart();
    figure.toy = { update, table: () => q, show }; // testen räknar med samma funktioner
  }
})();
