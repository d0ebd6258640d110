import "./choices.css";
import { useId } from "preact/hooks";

type Props<T extends string | number | null> = {
  legend: string;
  value: T;
  onValue: (value: T) => void;
  /** What each is called, and what it means. */
  choices: readonly (readonly [value: T, name: string, means?: string])[];
};

/** One of a few. */
export function Choices<T extends string | number | null>({ legend, value, onValue, choices }: Props<T>) {
  const id = useId();
  return (
    <fieldset class="choices">
      <legend>{legend}</legend>
      {choices.map(([one, name, means], index) => (
        <label key={one} class="choice">
          <input
            type="radio"
            name={id}
            checked={one === value}
            aria-describedby={means ? `${id}-${index}` : undefined}
            onChange={() => onValue(one)}
          />
          {means ? (
            <span class="choice-what">
              {name}
              <span class="quiet" id={`${id}-${index}`}>
                {means}
              </span>
            </span>
          ) : (
            name
          )}
        </label>
      ))}
    </fieldset>
  );
}
