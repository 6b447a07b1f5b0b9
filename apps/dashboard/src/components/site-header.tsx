/** The line at the top of every page. */
import { useState } from "react";
import { Link } from "../router.tsx";
import type { Route } from "../routes.ts";
import { chooseTheme, chosenTheme, themes } from "../theme.ts";
import { Icon } from "./icon.tsx";

const sections = [
  { href: "/", text: "Experiments", pages: ["experiments", "experiment"] },
  { href: "/datasets", text: "Datasets", pages: ["datasets", "dataset"] },
  { href: "/workers", text: "Workers", pages: ["workers"] },
] as const;

export function SiteHeader({ route }: { route: Route }) {
  return (
    <header className="site-header">
      <Link href="/" className="wordmark">
        Rightsize
      </Link>
      <nav aria-label="Sections">
        {sections.map(({ href, text, pages }) => (
          <Link key={href} href={href} aria-current={(pages as readonly string[]).includes(route.page) ? "page" : undefined}>
            {text}
          </Link>
        ))}
      </nav>
      <Link href="/new" className="button primary new-link" aria-current={route.page === "new" ? "page" : undefined}>
        <Icon name="plus" /> <span>New experiment</span>
      </Link>
      <ThemeSwitch />
    </header>
  );
}

function ThemeSwitch() {
  const [theme, setTheme] = useState(chosenTheme);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? "system";
  const choose = () => {
    chooseTheme(next);
    setTheme(next);
  };
  return (
    <button
      type="button"
      className="icon-button"
      onClick={choose}
      title={`Theme: ${theme}. Switch to ${next}`}
      aria-label={`Theme: ${theme}. Switch to ${next}`}
    >
      <Icon name={theme} />
    </button>
  );
}
