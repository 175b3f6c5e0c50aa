// Action units as shares of their largest: a probability, or of an intensity a fifth.

const MOST = 5;

/** The share of each unit that was read of `face`, by its name. */
export function shares(face) {
  const intensities = Object.entries(face.action_unit_intensities ?? {});
  return { ...face.action_units, ...Object.fromEntries(intensities.map(([unit, value]) => [unit, value / MOST])) };
}
