// Spelaren till player.py. Skriptet står i varje film och startar den film som det ligger i.
(() => {
  const unstarted = "figure.dqn-film:not([data-igang])";
  const own = document.currentScript && document.currentScript.closest(unstarted);
  for (const figure of own ? [own] : document.querySelectorAll(unstarted)) start(figure);

  function start(figure) {
    figure.dataset.igang = "";
    const film = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    const stage = figure.querySelector(".dqn-scen");
    const controls = figure.querySelector(".dqn-reglage");
    const range = controls.querySelector("input");
    const output = controls.querySelector("output");
    const play = controls.querySelector(".dqn-spela");
    const last = film.rows.length - 1;
    let timer = 0;

    function show(number) {
      const row = film.rows[number];
      const picture = film.drawing.startsWith("<img") && stage.querySelector("img");
      if (picture && film.names.length === 1) {
        picture.src = row[0]; // samma element hela tiden: annars blinkar bilden
      } else {
        let drawing = film.drawing;
        film.names.forEach((name, i) => { drawing = drawing.replaceAll(`{${name}}`, row[i]); });
        stage.innerHTML = drawing;
      }
      range.value = number;
      output.textContent = film.labels[number];
      range.setAttribute("aria-valuetext", film.labels[number]);
    }

    function label(text, icon) {
      if (!play) return;
      play.querySelector("span").textContent = text;
      play.querySelector("path").setAttribute("d", icon);
    }

    function stop() {
      cancelAnimationFrame(timer);
      timer = 0;
      label("Spela", "M2 1v10l9 -5z");
    }

    function run() {
      const first = Number(range.value) === last ? 0 : Number(range.value);
      let began = null;
      label("Paus", "M2 1h3v10h-3zM7 1h3v10h-3z");
      const step = (now) => {
        began = began ?? now;
        const number = Math.min(last, first + Math.floor((now - began) / film.milliseconds));
        if (number !== Number(range.value)) show(number);
        if (!figure.isConnected || number === last) stop();
        else timer = requestAnimationFrame(step);
      };
      timer = requestAnimationFrame(step);
    }

    controls.style.display = "";
    range.addEventListener("input", () => { stop(); show(Number(range.value)); });
    if (play) {
      play.addEventListener("click", () => (timer ? stop() : run()));
      controls.querySelector(".dqn-borjan").addEventListener("click", () => { stop(); show(0); });
    }
    show(film.start);
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    still.addEventListener("change", () => { if (still.matches) stop(); });
    if (!play || still.matches) return;
    // Filmen går en gång av sig själv, första gången den syns.
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      if (!timer) run();
    }, { threshold: 0.6 });
    seen.observe(stage);
  }
})();
