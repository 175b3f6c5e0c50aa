// Action units as shares of their largest: a probability, or of an intensity a fifth.

const MOST = 5;

/** The share of each unit that was read of `face`, by its name. */
export function shares(face) {
  const intensities = Object.entries(face.action_unit_intensities ?? {});
  return { ...face.action_units, ...Object.fromEntries(intensities.map(([unit, value]) => [unit, value / MOST])) };
}

/** Whether a unit of `face` with this share is active: as a tuned model says, or else from the middle on. */
export function isActive(face, unit, share) {
  const isDecided = face.active_units && unit in (face.action_units ?? {});
  return isDecided ? face.active_units.includes(unit) : share >= 0.5;
}
