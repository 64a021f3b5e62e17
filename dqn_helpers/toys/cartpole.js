// CartPole att spela själv. Samma räkning som i Gymnasium, med Gymnasiums egna tal.
(() => {
  const unstarted = "figure.dqn-cartpole:not([data-igang])";
  const own = document.currentScript && document.currentScript.closest(unstarted);
  for (const figure of own ? [own] : document.querySelectorAll(unstarted)) start(figure);

  function start(figure) {
    figure.dataset.igang = "";
    const data = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    const p = data.physics;
    const find = (selector) => figure.querySelector(selector);
    const show = (name, text) => { find(`[data-visa="${name}"]`).textContent = text; };
    const speed = find('[data-dra="fart"]');
    const held = []; // de riktningar som hålls nere; den senaste gäller
    const records = { du: 0, agent: 0 };
    let [network, carts, timer] = [null, null, 0];

    function step([x, velocity, angle, spin], action) {
      const force = action === 1 ? p.force_mag : -p.force_mag;
      const cos = Math.cos(angle);
      const sin = Math.sin(angle);
      const push = (force + p.polemass_length * spin * spin * sin) / p.total_mass;
      const turn = (p.gravity * sin - cos * push)
        / (p.length * (4 / 3 - (p.masspole * cos * cos) / p.total_mass));
      const speedUp = push - (p.polemass_length * turn * cos) / p.total_mass;
      return [x + p.tau * velocity, velocity + p.tau * speedUp,
        angle + p.tau * spin, spin + p.tau * turn]; // Eulers metod: de gamla hastigheterna används
    }

    function qValues(state) {
      return network.reduce((input, layer, number) => layer.weight.map((row, i) => {
        const sum = row.reduce((total, weight, j) => total + weight * input[j], layer.bias[i]);
        return number < network.length - 1 ? Math.max(0, sum) : sum;
      }), state);
    }

    const greedy = (q) => q.indexOf(Math.max(...q));
    const fallen = ([x, , angle]) => Math.abs(x) > p.x_threshold
      || Math.abs(angle) > p.theta_threshold_radians;

    // Släpper man båda knuffas vagnen varannan gång åt vardera hållet: stå still finns inte.
    const chosen = (cart) => (held.length ? held[held.length - 1] : cart.steps % 2);

    function move(cart, action) {
      cart.state = step(cart.state, action);
      cart.action = action;
      cart.steps += 1;
      cart.done = fallen(cart.state) || cart.steps >= data.max_steps;
    }

    function draw(name, cart) {
      const [x, , angle] = cart.state;
      const way = cart.action === null ? 0 : 2 * cart.action - 1;
      const values = { steg: `${cart.steps} steg`, styrka: cart.done && cart.steps < data.max_steps ? 0.45 : 1,
        x: 300 + 110 * x, vinkel: (180 / Math.PI) * angle, knuff: 44 * way,
        pil: way ? `M${62 * way} 38l${-18 * way} -9v18z` : "" };
      find(`[data-bana="${name}"]`).innerHTML = data.drawing
        .replace(/\{(\w+)\}/g, (all, key) => values[key]);
      show(name, `rekord ${records[name]}`);
    }

    const drawBoth = () => { for (const name of ["du", "agent"]) draw(name, carts[name]); };

    function newGame() {
      const state = Array.from({ length: 4 }, () => 0.1 * Math.random() - 0.05);
      const cart = () => ({ state, action: null, steps: 0, done: false });
      carts = { du: cart(), agent: cart() };
      drawBoth();
    }

    function tell() {
      const [mine, other] = [carts.du.steps, carts.agent.steps];
      const words = mine > other ? "Du slog agenten!"
        : mine === other ? "Ni är precis lika bra!" : "Agenten vann. En gång till?";
      show("svar", `Du höll stången uppe i ${mine} steg, agenten i ${other}. ${words}`);
      find(".dqn-svar").classList.toggle("dqn-vinst", mine >= other);
    }

    function stop() {
      timer = cancelAnimationFrame(timer) || 0;
      find('[data-gor="starta"]').textContent = "Starta";
    }

    function run() {
      newGame();
      find(".dqn-svar").classList.remove("dqn-vinst");
      find('[data-gor="starta"]').textContent = "Sluta";
      show("svar", "Håll stången inom det grå fältet, med ← och →.");
      let [before, owed] = [null, 0];
      const frame = (now) => {
        // Har du tappat stången spelar agenten klart fortare.
        const rate = Number(speed.value) * (carts.du.done ? 10 : 1);
        owed += Math.min((now - (before ?? now)) / 1000, 0.1) * rate;
        before = now;
        for (; owed >= 1; owed -= 1) {
          if (!carts.du.done) move(carts.du, chosen(carts.du));
          if (!carts.agent.done) move(carts.agent, greedy(qValues(carts.agent.state)));
        }
        for (const name of ["du", "agent"]) records[name] = Math.max(records[name], carts[name].steps);
        drawBoth();
        const over = carts.du.done && carts.agent.done;
        if (over) tell();
        if (over || !figure.isConnected) stop();
        else timer = requestAnimationFrame(frame);
      };
      timer = requestAnimationFrame(frame);
    }

    function press(direction, down) {
      if (held.includes(direction)) held.splice(held.indexOf(direction), 1);
      if (down) held.push(direction);
      if (down && !timer) run();
    }

    const onKey = (event, down) => {
      const direction = { ArrowLeft: 0, ArrowRight: 1 }[event.key];
      if (direction === undefined || event.target.matches("input")) return; // reglaget får sina
      event.preventDefault();
      if (!event.repeat) press(direction, down);
    };
    figure.addEventListener("keydown", (event) => onKey(event, true));
    figure.addEventListener("keyup", (event) => onKey(event, false));
    figure.addEventListener("focusout", () => { held.length = 0; });
    for (const [name, direction] of [["vanster", 0], ["hoger", 1]]) {
      const button = find(`[data-gor="${name}"]`);
      button.addEventListener("pointerdown", () => press(direction, true));
      for (const end of ["pointerup", "pointerleave", "pointercancel"]) {
        button.addEventListener(end, () => press(direction, false));
      }
    }
    find('[data-gor="starta"]').addEventListener("click", () => {
      if (timer) { stop(); newGame(); show("svar", ""); } else run();
    });
    const opponents = figure.querySelectorAll("[data-mot]");
    const meet = (number) => {
      opponents.forEach((button, i) => button.setAttribute("aria-pressed", String(i === number)));
      network = data.agents[number];
      records.agent = 0;
      stop();
      newGame();
      show("svar", "Starta med ← eller →, eller med knapparna.");
    };
    opponents.forEach((button, i) => button.addEventListener("click", () => meet(i)));
    const showSpeed = () => show("fart", `${speed.value} steg/s`);
    speed.addEventListener("input", showSpeed);
    find(".dqn-stilla").hidden = true;
    find(".dqn-spel").style.display = "";
    showSpeed();
    meet(0);
    figure.toy = { step, fallen, qValues }; // testen räknar med samma funktioner
  }
})();
