import classes from './choice-pills.module.css';

interface ChoicePillsProps {
  /** What is chosen, for those who cannot see it. */
  readonly label: string;
  readonly choices: readonly { readonly value: string; readonly words: string; readonly count?: number }[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A few choices side by side, of which one is taken; they wrap where the screen ends. */
export function ChoicePills({ label, choices, value, onChange }: ChoicePillsProps) {
  return (
    <div className={classes.pills} role="group" aria-label={label}>
      {choices.map((choice) => (
        <button
          key={choice.value}
          type="button"
          className={classes.pill}
          aria-pressed={choice.value === value}
          onClick={() => onChange(choice.value)}
        >
          {choice.words}
          {choice.count !== undefined && <span className={classes.count}>{choice.count.toLocaleString('en')}</span>}
        </button>
      ))}
    </div>
  );
}
