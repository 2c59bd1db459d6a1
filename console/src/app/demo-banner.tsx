import classes from './demo-banner.module.css';

export function DemoBanner() {
  return (
    <div className={classes.banner} role="note">
      <strong>Demo</strong>
      <span>
        <span className={classes.long}>The partners’ own examples. </span>No real money moves here.
      </span>
    </div>
  );
}
