// Sets the chosen theme before the first paint, so that a dark page never flashes white. Its own file: a strict CSP forbids inline scripts.
try {
  const chosen = localStorage.getItem("rightsize.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage may be blocked; the system's preference stands.
}
