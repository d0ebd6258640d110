import type { ComponentChildren } from "preact";

/**
 * Drawn on a grid of 24, with the color of the text. They say nothing by themselves: the button has a name. A sided one
 * leads somewhere, and is turned round where one reads from right to left.
 */
function Icon({ children, sided = false }: { children: ComponentChildren; sided?: boolean }) {
  return (
    <svg class={sided ? "icon sided" : "icon"} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const Plus = () => (
  <Icon>
    <path d="M12 5v14M5 12h14" />
  </Icon>
);
export const Lock = () => (
  <Icon>
    <path d="M6 10.500h12v9H6zM8.500 10.500V8a3.500 3.500 0 0 1 7 0v2.500" />
  </Icon>
);
export const Box = () => (
  <Icon>
    <path d="M4 5h16v4H4zM5.500 9v10h13V9M10 12.500h4" />
  </Icon>
);
export const Speech = () => (
  <Icon>
    <path d="M4.500 5.500h15v10.500h-8L7 19.500V16H4.500z" />
  </Icon>
);
export const PinIcon = () => (
  <Icon>
    <path d="M9 4.500h6l-.8 6 3.300 3.500H6.500L9.800 10.500zM12 14v6" />
  </Icon>
);
export const Info = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.500" />
    <path d="M12 11v5.500M12 7.700v.2" />
  </Icon>
);
export const PersonPlus = () => (
  <Icon>
    <circle cx="10" cy="8.500" r="3.500" />
    <path d="M3.500 19.500c.6-3.700 3.200-5.500 6.500-5.500s5.900 1.800 6.500 5.500M18.500 7v6M15.500 10h6" />
  </Icon>
);
export const SearchText = () => (
  <Icon>
    <path d="M4 6.500h16M4 11h6M4 15.500h5" />
    <circle cx="15.500" cy="14" r="3.500" />
    <path d="m18 16.500 3 3" />
  </Icon>
);
export const Dots = () => (
  <Icon>
    <path d="M5.500 12h.2M12 12h.2M18.500 12h.2" />
  </Icon>
);
export const Smile = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.500" />
    <path d="M8.500 14.500c1.800 2 5.200 2 7 0M9 9.500v.2M15 9.500v.2" />
  </Icon>
);
export const ReplyIcon = () => (
  <Icon sided>
    <path d="M10 6 4.500 11.500 10 17M5 11.500h8.500c3.500 0 6 2 6 6.500" />
  </Icon>
);
export const Search = () => (
  <Icon>
    <circle cx="11" cy="11" r="6.5" />
    <path d="m16 16 4.5 4.5" />
  </Icon>
);
export const Back = () => (
  <Icon sided>
    <path d="m14.500 5-7 7 7 7" />
  </Icon>
);
export const Close = () => (
  <Icon>
    <path d="m6 6 12 12M18 6 6 18" />
  </Icon>
);
export const PeopleIcon = () => (
  <Icon>
    <circle cx="9" cy="8.500" r="3.500" />
    <path d="M2.500 19.500c.6-3.700 3.200-5.500 6.500-5.500s5.900 1.800 6.500 5.500M16 5.300a3.500 3.500 0 0 1 0 6.400M18 14.500c1.900.8 3.100 2.500 3.500 5" />
  </Icon>
);
export const SendIcon = () => (
  <Icon>
    <path d="M12 19V5.500M6 11l6-6 6 6" />
  </Icon>
);
export const Down = () => (
  <Icon>
    <path d="M12 5v13.500M6 13l6 6 6-6" />
  </Icon>
);
export const Up = () => (
  <Icon>
    <path d="M12 19V5.500M6 11l6-6 6 6" />
  </Icon>
);
export const Alert = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.500" />
    <path d="M12 7.500v5.500M12 16.300v.2" />
  </Icon>
);
export const Leave = () => (
  <Icon sided>
    <path d="M14 4.500H6.500v15H14M10.500 12h10M17 8.500l3.500 3.500-3.500 3.500" />
  </Icon>
);
export const Minus = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.500" />
    <path d="M8 12h8" />
  </Icon>
);
export const LinkIcon = () => (
  <Icon>
    <path d="M10 14a4 4 0 0 0 5.700 0l3.300-3.300a4 4 0 0 0-5.700-5.700L12 6.300M14 10a4 4 0 0 0-5.700 0L5 13.300a4 4 0 0 0 5.700 5.700l1.300-1.300" />
  </Icon>
);
export const Pencil = () => (
  <Icon>
    <path d="M5 19l1-4L16.500 4.500a2.100 2.100 0 0 1 3 3L9 18z" />
  </Icon>
);
export const Bin = () => (
  <Icon>
    <path d="M5 7h14M10 7V4.500h4V7M7 7l.8 12.500h8.400L17 7" />
  </Icon>
);
export const Copy = () => (
  <Icon>
    <path d="M9 9h10.500v10.500H9zM15 5.500H4.500V16" />
  </Icon>
);
export const Keys = () => (
  <Icon>
    <path d="M3 6.500h18v11H3zM7 10h.01M11 10h.01M15 10h.01M8 14h8" />
  </Icon>
);
export const SystemColors = () => (
  <Icon>
    <circle cx="12" cy="12" r="8" />
    <path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor" />
  </Icon>
);
export const Sun = () => (
  <Icon>
    <circle cx="12" cy="12" r="4" />
    <path d="M12 2.500v2.500M12 19v2.500M2.500 12H5M19 12h2.500M5.300 5.300 7 7M17 17l1.700 1.700M18.700 5.300 17 7M7 17l-1.700 1.700" />
  </Icon>
);
export const Moon = () => (
  <Icon>
    <path d="M20 14.200A8.300 8.300 0 0 1 9.800 4a8.300 8.300 0 1 0 10.200 10.200z" />
  </Icon>
);

/** The mark: an armchair that speaks. */
export const Mark = () => (
  <svg class="mark" viewBox="0 0 64 64" aria-hidden="true" focusable="false">
    <rect width="64" height="64" rx="15" fill="#17614f" />
    <path d="M18 38V22a10 10 0 0 1 10-10h8a10 10 0 0 1 10 10v16z" fill="#f6ecd9" />
    <path
      d="M11 32.500a6.500 6.500 0 0 1 13 0V37h16v-4.500a6.500 6.500 0 0 1 13 0V43a5 5 0 0 1-5 5H28l-9.500 8.200c-.8.700-2 .1-2-.9V48H16a5 5 0 0 1-5-5z"
      fill="#e9b872"
    />
  </svg>
);
