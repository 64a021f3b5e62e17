// Knappen "Kopiera" i kortet (card.py). Utan skript finns den inte: texten går att markera ändå.
for (const place of document.querySelectorAll(".dqn-copying:not(:has(button))")) {
  const code = place.querySelector("pre");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "dqn-copy";
  button.textContent = "Kopiera";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Kopierat";
    } catch {
      getSelection().selectAllChildren(code); // urklippet är spärrat: markera i stället
      button.textContent = "Markerat: tryck Ctrl+C";
    }
  });
  place.prepend(button);
}
